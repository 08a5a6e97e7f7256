import { isVoter } from './configuration.ts'
import type { Entry } from './entry.ts'
import { afterMeet, afterYield, yieldIndexOf } from './meeting.ts'
import { majorityIndex } from './quorum.ts'
import { becomeFollower } from './role.ts'
import { settleSnapshot, takeSnapshot } from './snapshots.ts'
import type { State } from './state.ts'
import type { Index } from './types.ts'

/** What each voter of the newest configuration is known to have. */
function matchesOf(s: State): number[] {
  const { voters } = s.log.configuration
  const matches = new Array<number>(voters.length)
  for (let i = 0; i < voters.length; i++) {
    const voter = voters[i] as (typeof voters)[number]
    if (voter.peerId === s.options.me.peerId) matches[i] = voter.incarnation === s.options.me.incarnation ? s.stored : 0
    else {
      const peer = s.peers.get(voter.peerId)
      matches[i] = peer?.id.incarnation === voter.incarnation ? (peer.progress?.match ?? 0) : 0
    }
  }
  return matches
}

/**
 * Commits what a majority of the newest configuration has. Only an entry of the own term counts (th. 3.6.2, figure 8
 * of the paper); those before it come along. To be asked after every change of a match or of the configuration.
 */
export function advanceCommit(s: State): void {
  if (s.leading === undefined) return
  const index = majorityIndex(matchesOf(s))
  if (index > s.commit && s.log.termAt(index) === s.term) commitTo(s, Math.min(index, yieldIndexOf(s)))
}

/** Everything up to `index` is committed: hands it to the machine, and does what entries ask of the core itself. */
export function commitTo(s: State, index: Index): void {
  if (index <= s.commit) return
  s.commit = index
  s.mustReplicate = true
  s.out.emit({ type: 'committed', index })
  applyCommitted(s)
}

/** Hands the machine what it has not been handed yet. */
export function applyCommitted(s: State): void {
  let from = s.applying + 1
  for (let index = from; index <= s.commit; index++) {
    const entry = s.log.entryAt(index) as Entry
    const { kind } = entry.data
    if (kind === 'commands' || kind === 'no-op' || kind === 'session-open' || kind === 'session-expire') continue
    handOver(s, from, index)
    from = index + 1
    afterCommit(s, entry)
    // An entry may have ended this log, or have replaced it.
    if (s.applying !== index || s.commit < index) return
  }
  handOver(s, from, s.commit)
}

function handOver(s: State, from: Index, to: Index): void {
  if (from > to) return
  s.applying = to
  s.out.emit({ type: 'apply', entries: s.log.slice(from, to) })
}

function afterCommit(s: State, entry: Entry): void {
  const { data } = entry
  switch (data.kind) {
    case 'snapshot-mark':
      return takeSnapshot(s, entry.index)
    case 'snapshot-root':
      return settleSnapshot(s, data.mark, data.root)
    case 'meet':
      return afterMeet(s, entry.index, data)
    case 'yield':
      return afterYield(s, entry.index, data)
    case 'configuration':
      if (s.leading !== undefined && entry.index === s.log.configurationIndex && !isVoter(data.configuration, s.options.me)) {
        becomeFollower(s, s.term, undefined)
      }
      return
    default:
  }
}
