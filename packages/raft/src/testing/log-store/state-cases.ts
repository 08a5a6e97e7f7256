import assert from 'node:assert/strict'
import type { SnapshotMark } from '../../storage/types.ts'
import { asText, makeEntry, PlainLog } from './plain-log.ts'
import { assertCode, collect } from './rig.ts'
import type { LogStoreCase } from './types.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** Hard state, snapshots, and what goes together. */
export const stateCases: readonly LogStoreCase[] = [
  {
    name: 'hard state is replaced, alone or with entries',
    run: async (rig) => {
      const plain = new PlainLog()
      let store = await rig.open()
      for (const hardState of [text('one'), new Uint8Array(), text('three'), new Uint8Array(100_000).fill(7)]) {
        plain.write({ hardState })
        await store.setHardState(hardState)
        store = await rig.check(store, plain)
      }
      const write = { hardState: text('with entries'), entries: plain.next(3, 1) }
      plain.write(write)
      await store.write(write)
      store = await rig.check(store, plain)
      await assertCode(() => store.setHardState(new Uint8Array(2 ** 20 + 1)), 'ERR_TOO_LARGE')
      await rig.check(store, plain)
    },
  },
  {
    name: 'reset drops everything and goes on elsewhere, before or behind',
    run: async (rig) => {
      const plain = new PlainLog()
      let store = await rig.open()
      for (const index of [0, 7, 3, 1_000_000, 0]) {
        plain.write({ entries: plain.next(4, 2) })
        await store.append(plain.entries)
        const write = { reset: { term: 5, index }, hardState: text(`at ${index}`), entries: [makeEntry(index + 1, 6)] }
        plain.write(write)
        await store.write(write)
        store = await rig.check(store, plain)
        plain.write({ truncateFrom: index + 1 })
        await store.truncate(index + 1)
        store = await rig.check(store, plain)
      }
    },
  },
  {
    name: 'a snapshot comes back as it was cut, with what belongs to it',
    run: async (rig) => {
      let store = await rig.open()
      assert.equal(store.snapshot, undefined)
      assert.deepEqual(await collect(store.readSnapshot()), [])
      const sizes = [0, 1, 700_000, 1_100_000, 3]
      const chunks = sizes.map((size, i) => makeEntry(i + 1, 1, size).bytes)
      const mark = await store.saveSnapshot({ at: { term: 2, index: 9 }, meta: text('meta'), chunks })
      const bytes = sizes.reduce((sum, size) => sum + size, 0)
      for (const _ of ['here', 'again']) {
        for (const found of [mark, store.snapshot as SnapshotMark]) {
          assert.deepEqual({ ...found.at }, { term: 2, index: 9 })
          assert.deepEqual([asText(found.meta), found.chunks, found.bytes], [asText(text('meta')), 5, bytes])
        }
        assert.deepEqual((await collect(store.readSnapshot())).map(asText), chunks.map(asText))
        assert.deepEqual((await collect(store.readSnapshot(3))).map(asText), chunks.slice(3).map(asText))
        assert.deepEqual(await collect(store.readSnapshot(5)), [])
        store = await rig.reopen(store)
      }
    },
  },
  {
    name: 'a snapshot replaces the one before, which is read to its end by those who began',
    run: async (rig) => {
      let store = await rig.open()
      await store.saveSnapshot({ at: { term: 1, index: 1 }, chunks: [text('old'), text('older')] })
      const reading = store.readSnapshot()[Symbol.asyncIterator]()
      const seen = [(await reading.next()).value as Uint8Array]
      await store.saveSnapshot({ at: { term: 1, index: 2 }, chunks: asynchronously([text('new')]) })
      for (let next = await reading.next(); next.done !== true; next = await reading.next()) seen.push(next.value)
      assert.deepEqual(seen.map(asText), [text('old'), text('older')].map(asText))
      for (const _ of ['here', 'again']) {
        assert.deepEqual((await collect(store.readSnapshot())).map(asText), [asText(text('new'))])
        assert.equal(store.snapshot?.at.index, 2)
        store = await rig.reopen(store)
      }
    },
  },
  {
    name: 'a snapshot and what goes with it are one write',
    run: async (rig) => {
      const [store, plain] = [await rig.open(), new PlainLog()]
      await store.append(plain.next(6, 1))
      const also = { reset: { term: 4, index: 50 }, hardState: text('other lineage') }
      await store.saveSnapshot({ at: { term: 4, index: 50 }, chunks: [text('state')] }, also)
      plain.write(also)
      const again = await rig.check(store, plain)
      assert.equal(again.snapshot?.at.index, 50)
    },
  },
  {
    name: 'a snapshot that fails on the way changes nothing',
    run: async (rig) => {
      const [store, plain] = [await rig.open(), new PlainLog()]
      await store.saveSnapshot({ at: { term: 1, index: 1 }, chunks: [text('good')] })
      const failure = new Error('no more chunks')
      await assert.rejects(store.saveSnapshot({ at: { term: 1, index: 2 }, chunks: failing(failure) }, { hardState: text('no') }), failure)
      const gap = { entries: [makeEntry(9, 1)] }
      await assertCode(() => store.saveSnapshot({ at: { term: 1, index: 2 }, chunks: [text('x')] }, gap), 'ERR_INVALID_OPTION')
      const again = await rig.check(store, plain)
      assert.deepEqual((await collect(again.readSnapshot())).map(asText), [asText(text('good'))])
      await again.saveSnapshot({ at: { term: 1, index: 3 }, chunks: [] })
      assert.equal((await rig.reopen(again)).snapshot?.at.index, 3)
    },
  },
  {
    name: 'one snapshot is saved at a time, and writes go on meanwhile',
    run: async (rig) => {
      const [store, plain] = [await rig.open(), new PlainLog()]
      const gate = Promise.withResolvers<void>()
      const saving = store.saveSnapshot({ at: { term: 1, index: 2 }, chunks: gated(gate.promise, text('slow')) })
      await assertCode(() => store.saveSnapshot({ at: { term: 1, index: 3 }, chunks: [] }), 'ERR_ALREADY_EXISTS')
      plain.write({ entries: plain.next(3, 1) })
      await store.append(plain.entries)
      gate.resolve()
      assert.equal((await saving).at.index, 2)
      assert.equal((await rig.check(store, plain)).snapshot?.bytes, 4)
    },
  },
]

async function* asynchronously<T>(items: readonly T[]): AsyncGenerator<T, void, undefined> {
  yield* items
}

async function* failing(error: Error): AsyncGenerator<Uint8Array, void, undefined> {
  yield text('begun')
  throw error
}

async function* gated(gate: Promise<void>, chunk: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  await gate
  yield chunk
}
