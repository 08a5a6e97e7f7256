import type { LineageId } from '@mosaik/raft'
import type { Invariant } from '../world/probe.ts'
import type { CollectionsSim } from '../world/collections-sim.ts'
import { textOf } from '../world/text.ts'

/** Who reads a Once sees nothing, and then one value for good. */
export const onceForEver: Invariant = {
  name: 'first-write-wins',
  rule: 'the first write holds for ever, the others change nothing, and exactly one is told that it was the first (OnceWriter)',
  watch: (sim, fail) => {
    const seen = new Map<string, string>()
    return {
      onRead: ({ run, version, shown }) => {
        if (run.plan.kind !== 'once') return
        const isEmpty = shown.startsWith('[true')
        const of = `${run.plan.index} ${version.lineage}`
        const value = seen.get(of)
        if (value !== undefined && !isEmpty && value !== shown) fail(`${run.name} shows ${shown}, and ${value} was seen before`)
        if (!isEmpty) seen.set(of, shown)
      },
      end: () => {
        for (const [index, { kind }] of sim.plan.groups.entries()) {
          if (kind !== 'once') continue
          for (const lineage of sim.truths[index]?.histories.keys() ?? []) {
            const winners = winnersOf(sim, index, lineage)
            if (winners.length > 1) fail(`${winners.join(' and ')} were each told to be the first of ${lineage.slice(0, 8)}`)
          }
        }
      },
    }
  },
}

/** Writes of a history whose callers were told that they were the first. */
function winnersOf(sim: CollectionsSim, index: number, lineage: LineageId): number[] {
  const ids = new Set(sim.truths[index] === undefined ? [] : [...sim.truths[index].lineOf(lineage)].map(({ change }) => change.id))
  return sim.calls.filter(({ change, reply }) => ids.has(change.id) && reply === textOf({ result: true })).map(({ change }) => change.id)
}
