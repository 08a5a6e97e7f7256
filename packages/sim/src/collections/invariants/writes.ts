import type { Invariant } from '../world/probe.ts'
import { inWords, isPast, writeAt } from './states.ts'

export const ownWrites: Invariant = {
  name: 'own-writes-are-readable',
  rule: 'a write resolves once it has been applied here, with the version at which it stands (README of @mosaik/collections, writing)',
  watch: (_sim, fail) => ({
    onWritten: ({ run, change, version }, reading) => {
      if (version === undefined) return
      const what = `${change.method} ${change.id} of ${run.name}`
      if (writeAt(run.truth, version)?.change.id !== change.id) fail(`${what} does not stand at ${inWords(version)}`)
      if (!isPast(run, version, reading.version))
        fail(`${what} resolved to ${inWords(version)}, and ${inWords(reading.version)} is read there`)
    },
  }),
}

export const reaching: Invariant = {
  name: 'versions-are-reached',
  rule: '`when.reaches` resolves when the version is here, and rejects ERR_SUPERSEDED when it never comes (CollectionConditions)',
  watch: (_sim, fail) => ({
    onReached: (wanted, isThere, { run, version }) => {
      const is = isPast(run, wanted, version)
      if (is !== isThere)
        fail(`${run.name} says that ${inWords(wanted)} ${isThere ? 'is there' : 'never comes'}, and is at ${inWords(version)}`)
    },
  }),
}
