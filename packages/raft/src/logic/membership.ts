import { appendOwn } from './append.ts'
import { advanceCommit } from './commit.ts'
import { withVoter, withoutVoter } from './configuration.ts'
import type { Configuration, Voter } from './configuration.ts'
import { patience } from './options.ts'
import type { Peer } from './peer.ts'
import { isGoneForGood } from './reach.ts'
import { isVoterPeer } from './state.ts'
import type { State } from './state.ts'

/**
 * Whether the voters may be changed now: the leader has committed an entry of its own term (the erratum to th. 4.1),
 * and no change is on its way.
 */
export function mayReconfigure(s: State): boolean {
  return s.leading !== undefined && s.commit >= s.leading.start && s.log.configurationIndex <= s.commit && s.log.yieldIndex === undefined
}

/** The leader looks at who is there, and changes the voters by one where that is due. */
export function reviewMembership(s: State): void {
  if (!mayReconfigure(s)) return
  const next = nextConfiguration(s)
  if (next === undefined) return
  appendOwn(s, { kind: 'configuration', configuration: next })
  advanceCommit(s)
}

/** The same voters but for one; undefined while all is well. */
export function nextConfiguration(s: State): Configuration | undefined {
  const { configuration } = s.log
  const gone = configuration.voters.find((voter) => isToBeRemoved(s, voter))
  if (gone !== undefined) return withoutVoter(configuration, gone.peerId)
  const candidates = caughtUp(s)
  const target = voterTarget(configuration.voters.length + candidates.length, s.options.maxVoters)
  const [best] = candidates
  if (best !== undefined && configuration.voters.length < target) {
    return withVoter(configuration, { ...best.id, durable: best.introduction?.durable === true })
  }
  if (configuration.voters.length <= target) return undefined
  const surplus = leastEligible(s)
  return surplus === undefined ? undefined : withoutVoter(configuration, surplus.peerId)
}

/** How many voters so many eligible members should have: an odd number from three on, both of two. */
export function voterTarget(eligible: number, maxVoters: number): number {
  const most = Math.min(eligible, maxVoters)
  return most <= 2 || most % 2 === 1 ? most : most - 1
}

/** Gone for good, leaving, or silent for longer than the grace. */
function isToBeRemoved(s: State, voter: Voter): boolean {
  if (voter.peerId === s.options.me.peerId) return voter.incarnation !== s.options.me.incarnation
  const peer = s.peers.get(voter.peerId)
  if (peer !== undefined) return peer.isLeaving || isGoneForGood(s, voter)
  const absence = s.absences.get(voter.peerId)
  if (absence === undefined) return false
  return isGoneForGood(s, voter) || s.now - absence.since >= s.options.timing.memberGrace
}

/** Learners that lack next to nothing, best first: the gladdest to lead, then by peer id. */
function caughtUp(s: State): Peer[] {
  const learners: Peer[] = []
  for (const peer of s.peers.values()) if (isCaughtUp(s, peer)) learners.push(peer)
  return learners.sort((a, b) => eagerness(a) - eagerness(b) || (a.id.peerId < b.id.peerId ? -1 : 1))
}

function isCaughtUp(s: State, peer: Peer): boolean {
  const { progress, introduction } = peer
  if (progress === undefined || introduction === undefined || peer.isLeaving || isVoterPeer(s, peer)) return false
  if (introduction.preference === 'observer' || progress.feeding !== 'replicate') return false
  if (s.now - peer.heardAt >= s.options.timing.electionTimeout) return false
  return progress.match >= (s.leading?.start ?? Infinity) && s.log.lastIndex - progress.match <= s.options.limits.promotionLag
}

function eagerness(peer: Peer): number {
  return peer.introduction === undefined ? Infinity : patience(peer.introduction.preference)
}

/** Who makes room for an odd number: never the leader, and first who is not there. */
function leastEligible(s: State): Voter | undefined {
  const others = s.log.configuration.voters.filter((voter) => voter.peerId !== s.options.me.peerId)
  const rank = (voter: Voter): number => {
    const peer = s.peers.get(voter.peerId)
    return peer === undefined ? Infinity : eagerness(peer)
  }
  return others.sort((a, b) => rank(a) - rank(b) || (a.peerId < b.peerId ? -1 : 1)).at(-1)
}
