import { shortId } from '@mosaik/core'
import { majorityOf } from '../logic/configuration.ts'
import type { Voter } from '../logic/configuration.ts'
import { isGoneForGood, missingVoters, reachesQuorum } from '../logic/reach.ts'
import { standingOf } from '../logic/state.ts'
import type { State } from '../logic/state.ts'

const NAMED = 4
const TAIL = 6

/** What stands between this node and an answer, in words. `leaderless`: for how long no leader has been known, ms. */
export function whatIsMissing(state: Readonly<State> | undefined, leaderless: number): string {
  if (state === undefined) return 'the group has not started on this node'
  const s = state as State
  if (s.halted !== undefined) return `this member has stopped: ${s.halted}`
  if (s.lineage === undefined) return founding(s)
  const { configuration } = s.log
  if (s.installing !== undefined) return `a snapshot of everything up to ${s.installing.index} is on its way here`
  if (s.leader === s.options.me.peerId) return `this node leads, and has not heard a majority: ${reach(s)}`
  if (s.leader !== undefined) return `the leader ${s.leader} has not answered`
  const since = `no leader for ${seconds(leaderless)}`
  if (configuration.voters.length === 0) return `${since}: this node has nothing of the log yet; ${connected(s)}`
  return `${since}: ${reach(s)}${outlook(s)} in ${shortId(s.lineage.id)}`
}

function founding(s: State): string {
  const { preference, minMembers, timing } = s.options
  if (preference === 'observer')
    return `no history is known yet, and an observer founds none: waiting for a member that does; ${connected(s)}`
  const candidates = [...s.peers.values()].filter(
    ({ introduction }) => introduction !== undefined && introduction.preference !== 'observer',
  )
  const here = 1 + candidates.length
  if (here < minMembers) return `no history is known yet: ${here} of ${minMembers} members (minMembers) are here`
  const left = s.founding.startedAt + timing.bootstrapDelay - s.now
  const when = left > 0 ? `one is founded in ${seconds(left)} at the earliest` : 'one is being founded'
  return `no history is known yet, and ${when}; ${connected(s)}`
}

function connected({ peers }: State): string {
  return `${peers.size} other ${peers.size === 1 ? 'member is' : 'members are'} connected`
}

function reach(s: State): string {
  const { configuration } = s.log
  const missing = missingVoters(s)
  const count = configuration.voters.length
  const waiting = missing.length === 0 ? '' : `, waiting for ${names(missing)}`
  return `${count - missing.length} of ${count} voters reachable (${majorityOf(configuration)} needed)${waiting}`
}

function names(voters: readonly Voter[]): string {
  const named = voters.slice(0, NAMED).map(({ peerId }) => `${peerId.slice(0, NAMED)}…${peerId.slice(-TAIL)}`)
  return voters.length > NAMED ? `${named.join(', ')} and ${voters.length - NAMED} more` : named.join(', ')
}

/** What happens if nobody comes. */
function outlook(s: State): string {
  if (reachesQuorum(s)) return standingOf(s) === 'voter' ? '; an election is under way' : '; they elect one'
  if (s.options.preference === 'observer') return '; an observer waits for others to recover'
  const lost = missingVoters(s).filter((voter) => !isGoneForGood(s, voter))
  const { recoveryTimeout } = s.options.timing
  if (lost.length === 0) return '; the others are gone for good, so recovery is under way'
  if (lost.some(({ durable }) => durable)) return '; no recovery while one of them has its log on disk'
  if (recoveryTimeout === Number.POSITIVE_INFINITY) return '; no recovery (recoveryTimeout is never)'
  const left = (s.recovery.since ?? s.now) + recoveryTimeout - s.now
  return left > 0 ? `; recovery in ${seconds(left)}` : '; recovery is under way'
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
