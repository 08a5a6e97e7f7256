import assert from 'node:assert/strict'
import { MosaikError } from '@mosaik/core'
import { simDisk, type DiskFault, type SimDisk } from '@mosaik/core/testing'
import { describe, expect, it } from 'vitest'
import { fileLog } from '../../src/storage/file-log.ts'
import type { Opened } from '../../src/storage/types.ts'
import { History, isTyped, work } from './history.ts'

const PLACE = '/log'
const SMALL = { segmentBytes: 4096, cacheBytes: 1000 }

/** Runs the workload until it ends or the fault comes. */
async function run(disk: SimDisk, seed: string): Promise<History> {
  const history = new History()
  const store = fileLog(PLACE, { ...SMALL, disk: disk.mount() })
  try {
    await store.open({ owner: 'me' })
    await work(store, history, seed, { large: true })
  } catch (error) {
    history.failure ??= error
  }
  await store.close().catch((error: unknown) => (history.failure ??= error))
  return history
}

/** Opens what is left, asserts that nothing acknowledged is gone and nothing half there, and that it can be gone on with. */
async function assertWhole(disk: SimDisk, history: History): Promise<Opened> {
  const store = fileLog(PLACE, { ...SMALL, disk: disk.mount() })
  const opened = await store.open({ owner: 'me' })
  await history.assertShownBy(store)
  await store.append([{ index: store.last.index + 1, term: 9, bytes: new Uint8Array(3) }])
  for await (const _ of store.readSnapshot());
  await store.close()
  await store.open({ owner: 'me' })
  assert.equal(await store.termAt(store.last.index), 9)
  await store.close()
  return opened
}

async function callsOf(seed: string): Promise<number> {
  const disk = simDisk({ seed })
  const history = await run(disk, seed)
  assert.equal(history.failure, undefined)
  await assertWhole(disk, history)
  return disk.calls
}

describe('a fault at the n-th call of the disk, for every n', () => {
  const faults: readonly [string, (call: number) => DiskFault][] = [
    ['power cut', (call) => ({ call, cut: true })],
    ['EIO', (call) => ({ call, error: 'EIO' })],
    ['ENOSPC', (call) => ({ call, error: 'ENOSPC' })],
  ]
  for (const [name, fault] of faults) {
    it(`${name}: everything acknowledged is there, nothing is half there`, async () => {
      const seed = `fault ${name}`
      const calls = await callsOf(seed)
      expect(calls).toBeGreaterThan(100)
      for (let call = 1; call <= calls; call++) {
        const disk = simDisk({ seed: `${seed} ${call}` })
        disk.plan(fault(call))
        const history = await run(disk, seed)
        if (history.failure !== undefined) assert.ok(isTyped(history.failure), `call ${call}: ${String(history.failure)}`)
        disk.plan(undefined)
        if (call % 2 === 0) disk.cutPower()
        else disk.killAll()
        await assertWhole(disk, history)
      }
    })
  }
})

it('a power cut in any order of sectors, for many seeds', async () => {
  for (let seed = 0; seed < 150; seed++) {
    const disk = simDisk({ seed: `order ${seed}` })
    disk.plan({ call: 20 + seed, cut: true })
    const history = await run(disk, `order ${seed}`)
    disk.plan(undefined)
    await assertWhole(disk, history)
  }
})

it('after an error of the disk nothing more is written, and what was acknowledged can be read', async () => {
  for (const error of ['ENOSPC', 'EIO'] as const) {
    const disk = simDisk({ seed: 'full' })
    const store = fileLog(PLACE, { ...SMALL, disk: disk.mount() })
    await store.open()
    const history = new History()
    await work(store, history, 'full', { steps: 12 })
    disk.plan({ call: 1, error })
    const refused = expect.objectContaining({ code: 'ERR_STORAGE', message: expect.stringContaining(error) as string }) as Error
    await expect(store.setHardState(new Uint8Array(1))).rejects.toThrow(refused)
    await expect(store.setHardState(new Uint8Array(1))).rejects.toThrow(refused)
    await expect(store.saveSnapshot({ at: { term: 1, index: 1 }, chunks: [] })).rejects.toThrow(refused)
    await history.assertShownBy(store)
    await store.close()
    await store.open()
    await history.assertShownBy(store)
    await store.close()
  }
})

/** A log of one segment and a snapshot, closed (every byte is accounted for) or killed. */
async function small(clean: boolean): Promise<{ disk: SimDisk; history: History }> {
  const disk = simDisk({ seed: 'small' })
  const history = new History()
  const store = fileLog(PLACE, { segmentBytes: 65_536, disk: disk.mount() })
  await store.open({ owner: 'me' })
  await work(store, history, 'small', { steps: 8 })
  if (clean) await store.close()
  else disk.killAll()
  return { disk, history }
}

/** Opens a damaged store: answers what it said, or undefined when it was refused. What it shows has been written so. */
async function probe(disk: SimDisk, history: History): Promise<{ opened: Opened; moment: number } | undefined> {
  const store = fileLog(PLACE, { disk: disk.mount() })
  try {
    const opened = await store.open({ owner: 'me' })
    return { opened, moment: await history.assertShownBy(store, 0) }
  } catch (error) {
    if (!MosaikError.is(error, 'ERR_STORAGE')) throw error
    expect(error.message).toMatch(/\/log\/\S+ .*(byte \d+|belongs to|opened)/)
    return undefined
  } finally {
    await store.close()
  }
}

describe('damage is found', () => {
  for (const clean of [true, false]) {
    const kind = clean ? 'closed' : 'killed'
    it(`any flipped bit in the files of a store that was ${kind}`, async () => {
      const { disk, history } = await small(clean)
      const last = history.moments.length - 1
      const seen = { refused: 0, whole: 0, cut: 0 }
      for (const path of disk.paths().filter((name) => !name.endsWith('lock'))) {
        const bytes = disk.read(path)
        for (let bit = 0; bit < Math.min(bytes.length, 3000) * 8; bit += 1) {
          const damaged = bytes.slice()
          damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7))
          const copy = disk.copy()
          copy.put(path, damaged)
          const found = await probe(copy, history)
          if (found === undefined) seen.refused += 1
          else if (found.moment === last) seen.whole += 1
          else {
            seen.cut += 1
            // Only the last frame of a log that was not closed may look as if a crash had cut it off, and that is told.
            assert.ok(!clean && found.opened.cut !== undefined, `bit ${bit} of ${path}`)
          }
        }
      }
      expect(seen.refused).toBeGreaterThan(10_000)
      if (clean) expect(seen).toMatchObject({ whole: 0, cut: 0 })
    }, 60_000)

    it(`any cut in the last 4 KiB of the log of a store that was ${kind}`, async () => {
      const { disk, history } = await small(clean)
      const last = history.moments.length - 1
      const path = disk.paths().findLast((name) => name.endsWith('.seg')) as string
      const bytes = disk.read(path)
      for (let size = Math.max(0, bytes.length - 4096); size < bytes.length; size++) {
        const copy = disk.copy()
        copy.put(path, bytes.subarray(0, size))
        const found = await probe(copy, history)
        if (found !== undefined && found.moment < last) assert.ok(!found.opened.clean || found.opened.fresh, `cut at ${size}`)
      }
    })
  }

  it('a segment that is missing', async () => {
    const disk = simDisk({ seed: 'missing' })
    const store = fileLog(PLACE, { ...SMALL, disk: disk.mount() })
    await store.open()
    for (let index = 1; index <= 60; index++) await store.append([{ index, term: 1, bytes: new Uint8Array(300) }])
    await store.close()
    const segments = disk.paths().filter((name) => name.endsWith('.seg'))
    expect(segments.length).toBeGreaterThan(3)
    for (const path of segments.slice(0, -1)) {
      const copy = disk.copy()
      copy.put(path, undefined)
      await expect(fileLog(PLACE, { disk: copy.mount() }).open()).rejects.toThrow(/missing|stands where/)
    }
  })
})
