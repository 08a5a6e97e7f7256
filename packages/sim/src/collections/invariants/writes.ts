import { versionOf } from '../actors/client.ts'
import type { Range } from '../models/queue.ts'
import type { Invariant } from '../world/probe.ts'
import { textOf } from '../world/text.ts'
import type { NumberedWrite } from '../world/watched.ts'
import { inWords, isPast, writeAt } from './states.ts'

export const asWritten: Invariant = {
  name: 'applied-as-written',
  rule: 'what is applied is the write that was called, with its arguments (README of @mosaik/collections, writing)',
  watch: (sim, fail) => ({
    onApply: (run, { change }, first) => {
      if (first !== undefined) return
      const call = sim.calls.findLast((one) => one.change.id === change.id)
      const [wrote, applied] = [call?.change, change as NumberedWrite].map((one) => one && asSent(one))
      if (wrote !== applied) fail(`${applied} was applied, and ${wrote} was written by ${call?.run.name}`)
    },
  }),
}

/** Under its first name, with what is so by default. */
function asSent({ method, args }: NumberedWrite): string {
  if (method !== 'removeRange') return textOf([method === 'set' && args.length === 1 ? 'write' : method, ...args])
  const { from, to, fromExclusive = false, toInclusive = false } = args[0] as Range
  return textOf([method, { from, to, fromExclusive, toInclusive }])
}

export const ownWrites: Invariant = {
  name: 'own-writes-are-readable',
  rule: 'a write resolves once it has been applied here, with the version at which it stands (README of @mosaik/collections, writing)',
  watch: (_sim, fail) => ({
    onWritten: (call, reading) => {
      const { run, change } = call
      const version = versionOf(call)
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
