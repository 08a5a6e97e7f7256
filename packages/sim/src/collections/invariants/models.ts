import type { Applied } from '../../groups/world/truth.ts'
import { modelResult } from '../models/replay.ts'
import type { CollectionRun } from '../world/collection-run.ts'
import type { Invariant } from '../world/probe.ts'
import { textOf } from '../world/text.ts'
import type { NumberedWrite } from '../world/watched.ts'
import { shownAt } from './states.ts'

/** The models are made of plain arrays and Maps, and know nothing of the machines. */
export const models: Invariant = {
  name: 'as-a-plain-one',
  rule: 'each write does what it does to the local structure that the collection resembles (the types of @mosaik/collections)',
  watch: (_sim, fail) => ({
    onApply: (run, applied, first) => {
      const problem = first === undefined ? problemOf(run as CollectionRun, applied) : undefined
      if (problem !== undefined) fail(`${problem}, seen at ${run.name}`)
    },
  }),
}

/** Does it again, to what was there before it. */
function problemOf(run: CollectionRun, { change, reply, chain, entry: { lineage, index } }: Applied): string | undefined {
  const before = shownAt(run, { lineage: run.lineage ?? lineage, index: index - 1 })
  const model = run.kind.model(run.plan)
  model.load(JSON.parse(before) as never)
  const write = change as NumberedWrite
  const what = `${write.method}(${write.args.map(textOf).join(', ')}) on ${before}`
  const result = textOf({ result: modelResult(model, write) })
  if (reply !== result) return `${what} replied ${String(reply)}, and a plain one ${result}`
  const shown = textOf(model.shown())
  return chain === shown ? undefined : `${what} made ${chain}, and of a plain one ${shown}`
}
