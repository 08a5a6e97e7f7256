import { assert } from '@mosaik/core'
import type { State } from './state.ts'

/** What holds after every step, whatever happened. Throws `ERR_ASSERTION` with the inequality that does not. */
export function validate(s: Readonly<State>): void {
  const { log, commit, applied, applying, stored } = s
  const at = `term ${s.term}, role ${s.role}`
  assert(log.base.index <= commit, `pruned ${log.base.index} ≤ committed ${commit} (${at})`)
  assert(log.base.index <= (s.snapshot?.index ?? 0) || log.base.index === 0, `pruned ${log.base.index} ≤ snapshot (${at})`)
  assert(applied <= applying && applying <= commit, `applied ${applied} ≤ applying ${applying} ≤ committed ${commit} (${at})`)
  assert(commit <= log.lastIndex, `committed ${commit} ≤ last ${log.lastIndex} (${at})`)
  assert(stored <= log.lastIndex, `stored ${stored} ≤ last ${log.lastIndex} (${at})`)
  assert(log.lastTerm <= s.term, `last term ${log.lastTerm} ≤ term (${at})`)
  assert(log.configurationIndex <= log.lastIndex, `configuration ${log.configurationIndex} ≤ last ${log.lastIndex} (${at})`)
  assert(log.yieldIndex === undefined || commit <= log.yieldIndex, `committed ${commit} ≤ yield (${at})`)
  assert((s.role === 'leader') === (s.leading !== undefined), `only a leader leads (${at})`)
  assert(s.role !== 'leader' || s.leader === s.options.me.peerId, `a leader follows itself (${at})`)
  assert(s.lineage !== undefined || (s.role === 'follower' && log.lastIndex === 0), `without a lineage there is no log and no role (${at})`)
  let previous = 0
  for (const write of s.writes) {
    assert(write.write > previous && write.last <= log.lastIndex, `writes are in order and within the log (${at})`)
    previous = write.write
  }
  for (const [peerId, { progress }] of s.peers) {
    if (progress === undefined) continue
    assert(s.leading !== undefined, `only a leader feeds ${peerId} (${at})`)
    assert(progress.match < progress.next, `match ${progress.match} < next ${progress.next} of ${peerId} (${at})`)
    assert(progress.match <= log.lastIndex, `match ${progress.match} of ${peerId} ≤ last ${log.lastIndex} (${at})`)
    assert(progress.inFlight <= s.options.limits.window, `${peerId} has at most a window in flight (${at})`)
  }
}
