import type { CollectionRun } from '../world/collection-run.ts'
import type { Invariant } from '../world/probe.ts'
import { inWords, shownAt } from './states.ts'

/** Looked at whenever a handle has another version, and whenever somebody reads. */
export const replicas: Invariant = {
  name: 'same-version-same-state',
  rule: 'the same version is the same state on every member (README of @mosaik/collections, reading)',
  watch: (_sim, fail) => ({
    onRead: ({ run, version, shown }) => {
      const expected = shownAt(run, version)
      if (shown !== expected) fail(`${run.name} shows ${shown} at ${inWords(version)}, where the state was ${expected}`)
    },
  }),
}

export const forwards: Invariant = {
  name: 'versions-go-forward',
  rule: 'a handle never goes back within a lineage (docs/consistency.md, promise 3)',
  watch: (_sim, fail) => {
    const newest = new WeakMap<CollectionRun, { readonly of: string; readonly index: number }>()
    return {
      onRead: ({ run, version, member }) => {
        const of = `${version.lineage} ${member}`
        const before = newest.get(run)
        if (before?.of === of && version.index < before.index) fail(`${run.name} is at ${inWords(version)}, and was at ${before.index}`)
        newest.set(run, { of, index: version.index })
      },
    }
  },
}
