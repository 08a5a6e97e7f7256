import assert from 'node:assert/strict'
import { MosaikError } from '@mosaik/core'
import type { LogStore } from '../../storage/types.ts'
import { assertSame } from './plain-log.ts'
import type { LogRig, LogStoreBuilder, LogStoreCase } from './types.ts'

/** Runs one case and closes what it opened, also after a failure. */
export async function runLogCase(testCase: LogStoreCase, builder: LogStoreBuilder): Promise<void> {
  const places = new Map<LogStore, string>()
  const rig = createRig(builder, places)
  try {
    await testCase.run(rig)
  } finally {
    for (const store of places.keys()) await store.close().catch(() => {}) // after a crash there may be nothing to close
    await builder[Symbol.asyncDispose]?.()
  }
}

function createRig(builder: LogStoreBuilder, places: Map<LogStore, string>): LogRig {
  const beside = (store: LogStore): LogStore => {
    const place = places.get(store) as string
    const other = builder.create(place)
    places.set(other, place)
    return other
  }
  const again = async (store: LogStore): Promise<LogStore> => {
    const other = beside(store)
    await other.open()
    return other
  }
  const reopen = async (store: LogStore): Promise<LogStore> => {
    if (!store.durable) return store
    await store.close()
    return again(store)
  }
  return {
    beside,
    reopen,
    open: async () => {
      const place = `place-${places.size}`
      const store = builder.create(place)
      places.set(store, place)
      await store.open()
      return store
    },
    crash: async (store) => {
      await builder.crash?.(store)
      return again(store)
    },
    check: async (store, plain) => {
      await assertSame(store, plain)
      const other = await reopen(store)
      await assertSame(other, plain)
      return other
    },
  }
}

/** Asserts that a call was refused with this code. */
export async function assertCode(call: () => unknown, code: string): Promise<MosaikError> {
  try {
    await call()
  } catch (error) {
    assert.ok(MosaikError.is(error, code), `${String(error)} instead of ${code}`)
    return error
  }
  return assert.fail(`nothing was refused; ${code} was expected`)
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(new Uint8Array(chunk))
  return all
}
