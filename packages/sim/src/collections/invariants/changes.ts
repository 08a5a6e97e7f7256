import type { Change, Version } from '@mosaik/collections'
import type { Model } from '../models/model.ts'
import { modelResult } from '../models/replay.ts'
import type { CollectionRun } from '../world/collection-run.ts'
import type { ChangeReader, Invariant } from '../world/probe.ts'
import { textOf } from '../world/text.ts'
import type { NumberedWrite } from '../world/watched.ts'
import { inWords, shownAt, writeAt } from './states.ts'

/** What each reader was told is done again to what it had read at first. */
export const changes: Invariant = {
  name: 'changes-tell-all',
  rule: '`changes()` tells what each write does, in order, without gaps unless it says so, and what it tells makes the state (Collection.changes)',
  watch: (_sim, fail) => {
    const models = new WeakMap<ChangeReader, Model>()
    return {
      onTold: (reader, change) => {
        const model = models.get(reader) ?? loaded(reader.run, reader.from.shown)
        models.set(reader, model)
        const problem = problemOf(reader, model, change)
        if (problem !== undefined) fail(`a reader at ${reader.run.name} is told ${problem}`)
      },
    }
  },
}

/** A write that is read at a reader's handle, and that it was not told of. */
export function untold({ run, at }: ChangeReader): string | undefined {
  const { lineage, index } = run.handle.version
  return missing(run, at, { lineage, index: index + 1 })
}

function loaded({ kind, plan }: CollectionRun, shown: string): Model {
  const model = kind.model(plan)
  model.load(JSON.parse(shown) as never)
  return model
}

function problemOf({ run, at }: ChangeReader, model: Model, change: Change): string | undefined {
  if (change.type === 'lagged') return `that it has missed ${change.missed}, which are fewer than are kept`
  const { version } = change
  if (change.type === 'reset') {
    model.load(JSON.parse(shownAt(run, version)) as never)
    return undefined
  }
  const gap = missing(run, at, version)
  if (gap !== undefined) return `${inWords(version)} after ${inWords(at)}, without ${gap}`
  const { type: _, version: __, method, result, ...args } = change
  const write = writeAt(run.truth, version)
  const what = textOf([method, Object.values(args), { result }])
  if (write === undefined) return `of ${what} at ${inWords(version)}, where there is no write`
  const wrote = write.change as NumberedWrite
  if (what !== textOf([wrote.method, wrote.args, JSON.parse(String(write.reply))]))
    return `of ${what} at ${inWords(version)}, where ${wrote.method} stands`
  const replayed = textOf({ result: modelResult(model, wrote) })
  if (replayed !== write.reply) return `${what}, which a plain one answers with ${replayed}`
  const shown = textOf(model.shown())
  return shown === write.chain ? undefined : `what makes ${shown} by ${inWords(version)}, where the state is ${write.chain}`
}

/** A write behind `after` and before `next`, if there is one; or that the two do not go on from each other. */
function missing({ truth }: CollectionRun, after: Version, next: Version): string | undefined {
  if (next.index <= after.index) return 'having gone on'
  const before = truth.histories.get(after.lineage)?.committed.get(after.index)
  if (after.index > 0 && before !== undefined && !truth.isOnLine(next.lineage, before)) return 'having been told of another history'
  for (let index = after.index + 1; index < next.index; index++)
    if (writeAt(truth, { lineage: next.lineage, index }) !== undefined) return `the write at ${index}`
  return undefined
}
