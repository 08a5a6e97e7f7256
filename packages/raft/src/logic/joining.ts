import { noRecovery } from './recovery-state.ts'
import { noMeeting } from './meeting-state.ts'
import { bare } from './lineage.ts'
import type { Lineage } from './lineage.ts'
import { waitForLeader } from './role.ts'
import type { State } from './state.ts'

/** Joins a history from its beginning, as a learner. */
export function adopt(s: State, lineage: Lineage): void {
  s.lineage = bare(lineage)
  s.meeting = noMeeting()
  s.founding.ask = undefined
  s.founding.granted = undefined
  s.out.hardStateChanged()
  s.out.emit({ type: 'lineage', lineage: s.lineage })
  waitForLeader(s)
  s.hasNews = true
}

/** Whoever meets a history joins it: one with a leader, or at least with entries. */
export function joinSomebody(s: State): void {
  let found: Lineage | undefined
  for (const { introduction } of s.peers.values()) {
    if (introduction?.origin === undefined) continue
    if (introduction.led) return adopt(s, introduction.origin)
    if (introduction.last.index > 0) found ??= introduction.origin
  }
  if (found !== undefined) adopt(s, found)
}

/** Nobody here has anything of this lineage: there is nothing to go on with, nor to lose. */
export function forsake(s: State): void {
  if (s.term > 0) {
    s.halted = 'nobody has anything of the lineage that this member has voted in'
    return s.out.emit({ type: 'breach', reason: s.halted })
  }
  s.lineage = undefined
  s.recovery = noRecovery()
  s.founding.retryAt = s.now + s.options.timing.electionTimeout
  s.out.hardStateChanged()
  s.hasNews = true
  joinSomebody(s)
}
