import type { PeerId } from '@mosaik/core'
import { appendOwn } from './append.ts'
import { advanceCommit } from './commit.ts'
import type { VoteAnswer, VoteRequest, Verdict } from './messages.ts'
import type { Peer } from './peer.ts'
import { poll } from './quorum.ts'
import { beginFeeding } from './replication.ts'
import { becomeFollower, hearsLeader, setLeader, setRole, setTerm, waitForLeader } from './role.ts'
import { isVoterPeer, standingOf } from './state.ts'
import type { State } from './state.ts'
import { sameMember } from './configuration.ts'
import type { Cursor } from './types.ts'

/** Whether this node may stand at all: not before it knows the voters of this very lineage, which its founding entry names. */
export function mayStand(s: State): boolean {
  if (s.lineage === undefined || s.installing !== undefined || s.closing !== undefined) return false
  if (s.log.configurationIndex <= (s.lineage.fork?.index ?? 0)) return false
  return standingOf(s) === 'voter' && s.options.preference !== 'observer'
}

/** Asks whether an election would be won, before anybody's term changes (th. 9.6). */
export function preCampaign(s: State): void {
  s.votes.clear()
  setRole(s, 'pre-candidate')
  setLeader(s, undefined)
  waitForLeader(s)
  ask(s, true, false)
}

/** Stands for the next term. `transfer`: because the leader asked for it. */
export function campaign(s: State, transfer: boolean): void {
  setTerm(s, s.term + 1)
  s.vote = s.options.me
  s.out.hardStateChanged()
  s.votes.clear()
  setRole(s, 'candidate')
  setLeader(s, undefined)
  waitForLeader(s)
  ask(s, false, transfer)
}

function ask(s: State, pre: boolean, transfer: boolean): void {
  const { last } = s.log
  for (const peer of s.peers.values()) {
    if (!isVoterPeer(s, peer)) continue
    s.out.send(peer.id.peerId, { type: 'vote', pre, campaign: pre ? s.term + 1 : s.term, last, transfer })
  }
  count(s, s.options.me.peerId, 'granted')
}

/** Counts against the voters of the newest configuration, who cannot become fewer by staying silent. */
function count(s: State, from: PeerId, verdict: Verdict): void {
  s.votes.set(from, verdict)
  let granted = 0
  let denied = 0
  for (const [voter, each] of s.votes) {
    if (voter !== s.options.me.peerId && !isVoterPeerId(s, voter)) continue
    if (each === 'granted') granted++
    else if (each === 'denied') denied++
  }
  const outcome = poll(s.log.configuration.voters.length, granted, denied)
  if (outcome === 'lost') return becomeFollower(s, s.term, undefined)
  if (outcome === 'open') return
  if (s.role === 'pre-candidate') campaign(s, false)
  else becomeLeader(s)
}

function isVoterPeerId(s: State, peerId: PeerId): boolean {
  const peer = s.peers.get(peerId)
  return peer !== undefined && isVoterPeer(s, peer)
}

/** Opens the term with a no-op, so that what earlier terms left behind can commit. */
export function becomeLeader(s: State): void {
  s.votes.clear()
  s.leading = { since: s.now, start: s.log.lastIndex + 1, transfer: undefined, heartbeatAt: s.now, refusing: new Set(), reports: new Map() }
  setRole(s, 'leader')
  setLeader(s, s.options.me.peerId)
  for (const peer of s.peers.values()) beginFeeding(s, peer)
  appendOwn(s, { kind: 'no-op' })
  advanceCommit(s)
}

/** Whether a log that ends at `a` has all that one that ends at `b` can have committed (paper, 5.4.1). */
export function isUpToDate(a: Cursor, b: Cursor): boolean {
  return a.term > b.term || (a.term === b.term && a.index >= b.index)
}

/** Terms above the own one have been dealt with: `m.campaign` is the own term, or a pre-vote's. */
export function onVote(s: State, peer: Peer, m: VoteRequest): void {
  const verdict = judge(s, peer, m)
  if (verdict === 'granted' && !m.pre) {
    if (s.vote === undefined) s.out.hardStateChanged()
    s.vote = peer.id
    waitForLeader(s)
  }
  s.out.send(peer.id.peerId, { type: 'vote-answer', pre: m.pre, campaign: m.campaign, verdict }, 'vote')
}

function judge(s: State, peer: Peer, m: VoteRequest): Verdict {
  if (s.options.preference === 'observer' || s.installing !== undefined) return 'abstained'
  if (!m.transfer && hearsLeader(s)) return 'denied'
  if (!isUpToDate(m.last, s.log.last)) return 'denied'
  if (m.pre) return m.campaign > s.term ? 'granted' : 'denied'
  if (m.campaign !== s.term) return 'denied'
  return sameMember(s.vote, peer.id) || (s.vote === undefined && s.leader === undefined) ? 'granted' : 'denied'
}

export function onVoteAnswer(s: State, peer: Peer, m: VoteAnswer): void {
  const isOpen = m.pre ? s.role === 'pre-candidate' && m.campaign === s.term + 1 : s.role === 'candidate' && m.campaign === s.term
  if (isOpen) count(s, peer.id.peerId, m.verdict)
}
