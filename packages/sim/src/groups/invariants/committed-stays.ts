import type { MemberInvariant } from '../world/probe.ts'

export const committedStays: MemberInvariant = {
  name: 'committed-stays',
  rule: 'what is committed in a history is never another command, and nobody who follows it drops it (docs/consistency.md, promise 1)',
  watch: (_sim, fail) => ({
    onCommit: (run, entry, known) => {
      if (known !== undefined && known !== entry)
        fail(`${run.name} holds ${entry.index} of term ${entry.term} for committed; others have one of term ${known.term} there`)
    },
    onTruncate: (run, dropped) => {
      const lost = dropped.find((entry) => run.lineage !== undefined && run.truth.isOnLine(run.lineage, entry))
      if (lost !== undefined)
        fail(`${run.name} drops ${lost.index} of term ${lost.term}, which is committed in ${run.lineage?.slice(0, 8)}`)
    },
  }),
}
