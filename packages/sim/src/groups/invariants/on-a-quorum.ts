import type { Configuration } from '@mosaik/raft/testing'
import { configurationOf } from '../world/truth.ts'
import type { SeenEntry, Truth } from '../world/truth.ts'
import type { MemberInvariant } from '../world/probe.ts'

/**
 * When something is committed first, a majority of the configuration in force has it: of the one before it, or of a later
 * one that is already in the log of who commits it.
 */
export const onAQuorum: MemberInvariant = {
  name: 'committed-by-a-majority',
  rule: 'a minority commits nothing, and a success is in the stores of a majority of the voters (docs/consistency.md, promise 4 and "edges")',
  watch: (sim, fail) => ({
    onCommit: (run, entry, known) => {
      // What a history begins with was agreed on in another way.
      if (known !== undefined || entry.data.kind === 'founding' || entry.lineage !== run.lineage) return
      const { log } = run.asked
      const inForce = configurationBefore(run.truth, entry, log.entries)
      const later = log.entries.flatMap((one) => (one.index >= entry.index ? (configurationOf(one) ?? []) : []))
      const choices = [...(inForce === undefined ? [] : [inForce]), ...later]
      if (choices.length === 0 || choices.some((choice) => hasMajority(choice, entry.holders))) return
      const holders = [...entry.holders].map((holder) => sim.nameOf(holder.split('/')[0] as never))
      fail(
        `${entry.data.kind} at ${entry.index} of term ${entry.term} counts as committed at ${run.name}; it is in the stores of ${holders.join(', ')} only, of ${choices[0]?.voters.length} voters`,
      )
    },
  }),
}

function configurationBefore(truth: Truth, entry: SeenEntry, entries: readonly SeenEntry[]): Configuration | undefined {
  const here = entries.findLast((one) => one.index <= entry.index && configurationOf(one) !== undefined)
  if (here !== undefined) return configurationOf(here)
  const history = truth.histories.get(entry.lineage)
  const known = [...(history?.committed.values() ?? [])].filter((one) => one.index <= entry.index && configurationOf(one) !== undefined)
  const last = known.sort((a, b) => b.index - a.index)[0]
  return last === undefined ? undefined : configurationOf(last)
}

export function hasMajority({ voters }: Configuration, holders: ReadonlySet<string>): boolean {
  const having = voters.filter(({ peerId, incarnation }) => holders.has(`${peerId}/${incarnation}`))
  return having.length * 2 > voters.length
}
