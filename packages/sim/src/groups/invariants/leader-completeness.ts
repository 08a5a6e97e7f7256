import type { Term } from '@mosaik/raft'
import type { SeenEntry } from '../world/truth.ts'
import type { MemberInvariant } from '../world/probe.ts'

export const leaderCompleteness: MemberInvariant = {
  name: 'leaders-have-it-all',
  rule: 'what is committed is in the log of every later leader (docs/consistency.md, promise 1)',
  watch: (_sim, fail) => {
    /** The term in which each was first known to be committed: a leader of an earlier one, elected unheard, need not have it. */
    const under = new WeakMap<SeenEntry, Term>()
    return {
      onCommit: (run, entry, known) => {
        if (known === undefined) under.set(entry, run.group.term)
      },
      onEvent: (run, event) => {
        if (event.type !== 'leader' || event.leader !== run.life.peerId || run.lineage === undefined || !run.group.isLeader) return
        if (run.group.term !== event.term) return
        const history = run.truth.histories.get(run.lineage)
        const { log } = run.asked
        for (const entry of history?.committed.values() ?? []) {
          if ((under.get(entry) ?? entry.term) >= event.term || entry.index <= log.boundary.index || log.at(entry.index) === entry) continue
          fail(
            `${run.name} leads in term ${event.term} of ${run.lineage.slice(0, 8)} and lacks ${entry.index} of term ${entry.term}, which is committed`,
          )
        }
      },
    }
  },
}
