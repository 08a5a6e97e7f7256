import assert from 'node:assert/strict'
import type { Cursor } from '../../logic/types.ts'
import { makeEntry, PlainLog } from './plain-log.ts'
import { assertCode, collect } from './rig.ts'
import type { LogStoreCase } from './types.ts'

/** Opening, closing, owners, crashes. */
export const lifeCases: readonly LogStoreCase[] = [
  {
    name: 'a store is open once',
    run: async (rig) => {
      const store = await rig.open()
      await assertCode(() => store.open(), 'ERR_STORAGE')
      if (!store.durable) return
      const other = rig.beside(store)
      assert.match((await assertCode(() => other.open(), 'ERR_STORAGE')).message, /locked/)
      await store.close()
      await other.open()
      await assertCode(() => store.open(), 'ERR_STORAGE')
    },
  },
  {
    name: 'nothing works before open and after close, and close is idempotent',
    run: async (rig) => {
      const store = await rig.open()
      const fresh = rig.beside(store)
      const appending = store.append(new PlainLog().next(3, 1))
      await Promise.all([store.close(), store.close(), appending])
      for (const closed of [store, fresh]) {
        await assertCode(() => closed.append([makeEntry(4, 1)]), 'ERR_CLOSED')
        await assertCode(() => closed.entries(1, 1), 'ERR_CLOSED')
        await assertCode(() => closed.termAt(0), 'ERR_CLOSED')
        await assertCode(() => closed.prune(1), 'ERR_CLOSED')
        await assertCode(() => closed.saveSnapshot({ at: { term: 1, index: 1 }, chunks: [] }), 'ERR_CLOSED')
        await assertCode(async () => collect(closed.readSnapshot()), 'ERR_CLOSED')
        await closed.close()
      }
      await store.open()
      assert.equal(store.last.index, store.durable ? 3 : 0)
    },
  },
  {
    name: 'close does not wait for a snapshot that never ends',
    run: async (rig) => {
      const store = await rig.open()
      const stuck = assertCode(() => store.saveSnapshot({ at: { term: 1, index: 1 }, chunks: never() }), 'ERR_CLOSED')
      await store.close()
      await stuck
    },
  },
  {
    name: 'a store keeps its owner',
    needs: 'durable',
    run: async (rig) => {
      const store = await rig.open()
      await store.close()
      await store.open({ owner: 'first' })
      await store.append([makeEntry(1, 1)])
      await store.close()
      assert.match((await assertCode(() => store.open({ owner: 'second' }), 'ERR_STORAGE')).message, /first.*second/)
      for (const owner of ['first', undefined]) {
        const { fresh, clean, cut } = await store.open(owner === undefined ? {} : { owner })
        assert.deepEqual([fresh, clean, cut, store.last.index], [false, true, undefined, 1])
        await store.close()
      }
    },
  },
  {
    name: 'what was acknowledged is there after a crash',
    needs: 'crash',
    run: async (rig) => {
      const plain = new PlainLog()
      let saved: Cursor | undefined
      let store = await rig.open()
      for (let round = 1; round <= 30; round++) {
        const write = { entries: plain.next(round % 4, round), hardState: new Uint8Array([round]) }
        plain.write(write)
        await store.write(write)
        if (round % 7 === 0) {
          plain.prune(plain.last.index - 2)
          await store.prune(plain.last.index - 2)
        }
        if (round % 5 === 0) saved = (await store.saveSnapshot({ at: plain.last, chunks: [new Uint8Array([round])] })).at
        // Not waited for: after the crash all of it is there or nothing.
        const under = { entries: plain.next(2, 1000 + round) }
        store.write(under).catch(() => {})
        store = await rig.crash(store)
        if (store.last.index === plain.last.index + 2) plain.write(under)
        assert.deepEqual(store.snapshot?.at, saved)
        store = await rig.check(store, plain)
      }
    },
  },
]

async function* never(): AsyncGenerator<Uint8Array, void, undefined> {
  await new Promise(() => {})
  yield new Uint8Array()
}
