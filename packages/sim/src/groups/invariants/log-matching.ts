import type { MemberInvariant } from '../world/probe.ts'

/** By induction: the same entry comes after the same entry. */
export const logMatching: MemberInvariant = {
  name: 'logs-match',
  rule: 'two logs of a history that have an entry of the same term at an index are the same up to there (docs/consistency.md, promise 1)',
  watch: (_sim, fail) => ({
    onSame: (run, entry, raw, previousTerm) => {
      const where = `${entry.index} of term ${entry.term} of ${entry.lineage.slice(0, 8)}`
      if (Buffer.compare(entry.bytes, raw.bytes) !== 0) fail(`${run.name} got something else at ${where} than others have`)
      const isOther = previousTerm !== undefined && entry.previousTerm !== undefined && previousTerm !== entry.previousTerm
      if (isOther) fail(`${run.name} has ${where} after an entry of term ${previousTerm}, others after one of term ${entry.previousTerm}`)
    },
  }),
}
