import type { Version } from '@mosaik/collections'
import type { Applied, Truth } from '../../groups/world/truth.ts'
import type { CollectionRun } from '../world/collection-run.ts'
import { textOf } from '../world/text.ts'

/** The write that stands there, if there is one. */
export function writeAt(truth: Truth, { lineage, index }: Version): Applied | undefined {
  return truth.histories.get(lineage)?.committed.get(index)?.applied.at(-1)
}

/** What a collection showed at a version. */
export function shownAt({ truth, kind, plan }: Pick<CollectionRun, 'truth' | 'kind' | 'plan'>, { lineage, index }: Version): string {
  for (let at = index; at > 0; at--) {
    const write = writeAt(truth, { lineage, index: at })
    if (write !== undefined) return String(write.chain)
  }
  return textOf(kind.model(plan).shown())
}

export function inWords({ lineage, index }: Version): string {
  return `${index} of ${lineage.slice(0, 8)}`
}

/** Whether what is read at `here` has the write of `wanted`. */
export function isPast({ truth }: CollectionRun, wanted: Version, here: Version): boolean {
  const write = writeAt(truth, wanted)
  return write !== undefined && here.index >= wanted.index && truth.isOnLine(here.lineage, write.entry)
}
