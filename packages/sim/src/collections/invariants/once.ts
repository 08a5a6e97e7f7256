import type { LineageId } from '@mosaik/raft'
import type { CollectionCall } from '../actors/client.ts'
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

/** Writes whose callers were told that they were the first of a history. */
function winnersOf(sim: CollectionsSim, index: number, lineage: LineageId): number[] {
  const truth = sim.truths[index]
  const isOf = (call: CollectionCall): boolean => {
    const place = call.run.plan.index === index ? truth?.placeOf(call) : undefined
    return place !== undefined && truth?.isOnLine(lineage, place.entry) === true
  }
  return sim.calls.filter((call) => call.reply === textOf({ result: true }) && isOf(call)).map(({ change }) => change.id)
}
