import assert from 'node:assert/strict'
import { seededPrng } from '@mosaik/core'
import { PlainLog, makeEntry } from './plain-log.ts'
import { assertCode } from './rig.ts'
import type { LogStoreCase } from './types.ts'

const COUNT = 5

/** Appending, truncating and pruning, at every boundary. */
export const entryCases: readonly LogStoreCase[] = [
  {
    name: 'a fresh store is empty',
    run: async (rig) => {
      const store = await rig.open()
      assert.equal(await store.termAt(0), 0)
      assert.deepEqual(await store.entries(1, 0), [])
      await rig.check(store, new PlainLog())
    },
  },
  {
    name: 'appends are there in the order of the calls, whether or not one waits for them',
    run: async (rig) => {
      const [store, plain] = [await rig.open(), new PlainLog()]
      const appends: Promise<void>[] = []
      for (let i = 1; i <= 40; i++) {
        const entries = plain.next(i % 4, i)
        plain.write({ entries })
        appends.push(store.append(entries))
        if (i % 10 === 0) await Promise.all(appends)
      }
      await Promise.all(appends)
      await rig.check(store, plain)
    },
  },
  {
    name: 'entries have any size, none included',
    run: async (rig) => {
      const [store, plain] = [await rig.open(), new PlainLog()]
      for (const size of [0, 1, 511, 512, 513, 4096, 70_000, 1_200_000]) {
        const entries = plain.next(1, 1, size)
        plain.write({ entries })
        await store.append(entries)
      }
      await rig.check(store, plain)
    },
  },
  {
    name: 'an append with a gap is refused and changes nothing',
    run: async (rig) => {
      const [store, plain] = [await rig.open(), new PlainLog()]
      plain.write({ entries: plain.next(COUNT, 1) })
      await store.append(plain.entries)
      for (const index of [0, 1, COUNT, COUNT + 2]) await assertCode(() => store.append([makeEntry(index, 1)]), 'ERR_INVALID_OPTION')
      const holed = [makeEntry(COUNT + 1, 1), makeEntry(COUNT + 3, 1)]
      await assertCode(() => store.append(holed), 'ERR_INVALID_OPTION')
      await assertCode(() => store.append([{ ...makeEntry(COUNT + 1, 1), term: -1 }]), 'ERR_INVALID_OPTION')
      await rig.check(store, plain)
    },
  },
  {
    name: 'every way to prune, truncate and go on',
    run: async (rig) => {
      for (let upTo = 0; upTo <= COUNT; upTo++) {
        for (let from = 1; from <= COUNT + 2; from++) {
          const plain = new PlainLog()
          plain.write({ entries: plain.next(2, 1) })
          plain.write({ entries: plain.next(COUNT - 2, 3) })
          let store = await rig.open()
          await store.append(plain.entries)
          plain.prune(upTo)
          await store.prune(upTo)
          store = await rig.check(store, plain)
          if (from <= upTo) await assertCode(() => store.truncate(from), 'ERR_PRUNED')
          else {
            plain.write({ truncateFrom: from })
            await store.truncate(from)
          }
          store = await rig.check(store, plain)
          const entries = plain.next(2, 4)
          plain.write({ entries })
          await store.append(entries)
          store = await rig.check(store, plain)
          await store.close()
        }
      }
    },
  },
  {
    name: 'what was pruned is refused, what is not there yet too',
    run: async (rig) => {
      const store = await rig.open()
      await store.append(new PlainLog().next(COUNT, 2))
      await store.prune(3)
      await assertCode(() => store.entries(3, 4), 'ERR_PRUNED')
      await assertCode(() => store.entries(1, 1), 'ERR_PRUNED')
      await assertCode(() => store.entries(4, COUNT + 1), 'ERR_INVALID_OPTION')
      await assertCode(() => store.entries(0, 2), 'ERR_INVALID_OPTION')
      await assertCode(() => store.prune(COUNT + 1), 'ERR_INVALID_OPTION')
      await store.prune(2)
      assert.deepEqual([store.first, store.last.index, await store.termAt(3)], [4, COUNT, 2])
      assert.deepEqual(await store.entries(5, 4), [])
    },
  },
  {
    name: 'reads stop before maxBytes, but not before the first entry',
    run: async (rig) => {
      const store = await rig.open()
      await store.append(new PlainLog().next(COUNT, 1, 100))
      const counts: number[] = []
      for (const maxBytes of [0, 99, 100, 199, 200, 499, 500, 1e9]) counts.push((await store.entries(1, COUNT, maxBytes)).length)
      assert.deepEqual(counts, [1, 1, 1, 1, 2, 4, 5, 5])
    },
  },
  {
    name: 'a prune may follow appends that are still under way',
    run: async (rig) => {
      const [store, plain] = [await rig.open(), new PlainLog()]
      const work: Promise<void>[] = []
      for (let term = 1; term <= 4; term++) {
        const write = { ...(term > 1 && { truncateFrom: plain.last.index }), entries: [] as ReturnType<PlainLog['next']> }
        plain.write(write)
        write.entries = plain.next(3, term)
        plain.write({ entries: write.entries })
        const upTo = plain.last.index - 1
        work.push(store.write(write), store.prune(upTo))
        plain.prune(upTo)
      }
      await Promise.all(work)
      await rig.check(store, plain)
    },
  },
  {
    name: 'a thousand random operations do what they do to a plain list',
    run: async (rig) => {
      const prng = seededPrng('log store')
      const below = (limit: number): number => Math.floor(prng.float() * limit)
      const plain = new PlainLog()
      let store = await rig.open()
      for (let i = 0; i < 1000; i++) {
        const { before, last } = plain
        const choice = below(10)
        if (choice === 0) {
          const upTo = before.index + below(last.index - before.index + 1)
          plain.prune(upTo)
          await store.prune(upTo)
        } else {
          const write = {
            ...(choice === 1 && { truncateFrom: before.index + 1 + below(last.index - before.index + 2) }),
            ...(choice === 2 && i % 7 === 0 && { reset: { term: i, index: below(2000) } }),
            ...(choice < 5 && { hardState: prng.bytes(below(60)) }),
          }
          plain.write(write)
          const entries = plain.next(below(4), i, below(300))
          plain.write({ entries })
          await store.write({ ...write, entries })
        }
        if (i % 50 === 0) store = await rig.check(store, plain)
      }
      await rig.check(store, plain)
    },
  },
]
