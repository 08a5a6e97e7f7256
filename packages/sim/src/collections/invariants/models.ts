import type { LineageId } from '@mosaik/raft'
import { modelResult } from '../models/replay.ts'
import type { CollectionRun } from '../world/collection-run.ts'
import type { Invariant } from '../world/probe.ts'
import type { CollectionsSim } from '../world/collections-sim.ts'
import { textOf } from '../world/text.ts'
import type { NumberedWrite } from '../world/watched.ts'
import { lineOf } from './states.ts'

/** The models are made of plain arrays and Maps, and know nothing of the machines. */
export const models: Invariant = {
  name: 'as-a-plain-one',
  rule: 'each write does what it does to the local structure that the collection resembles (the types of @mosaik/collections)',
  watch: (sim, fail) => ({
    end: () => {
      for (const plan of sim.plan.groups) {
        const run = sim.runs.find((one) => one.plan === plan)
        for (const lineage of run?.truth.histories.keys() ?? []) {
          const problem = run && problemOf(run, lineage)
          if (problem !== undefined) fail(`${problem} (${plan.kind}, history ${lineage.slice(0, 8)})`)
        }
      }
    },
  }),
}

function problemOf({ truth, kind, plan }: CollectionRun, lineage: LineageId): string | undefined {
  const model = kind.model(plan)
  for (const { change, reply, chain, entry } of lineOf(truth, lineage)) {
    const write = change as NumberedWrite
    const what = `${write.method}(${write.args.map(textOf).join(', ')}) at ${entry.index}`
    const result = modelResult(model, write)
    if (reply !== textOf({ result })) return `${what} replied ${String(reply)}, and a plain one ${textOf({ result })}`
    const shown = textOf(model.shown())
    if (chain !== shown) return `after ${what} the state is ${chain}, and a plain one is ${shown}`
  }
  return undefined
}

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
