import { simDisk, type SimDisk } from '@mosaik/core/testing'
import { expect, it } from 'vitest'
import { fileLog } from '../../src/storage/file-log.ts'
import type { LogStore } from '../../src/storage/types.ts'
import { makeEntry } from '../../src/testing/log-store/plain-log.ts'

const SECTOR_BYTES = 512

/** A store with entries 1 to 40 of 200 bytes, one in each frame. */
async function filled(cacheBytes: number): Promise<{ disk: SimDisk; store: LogStore; path: string }> {
  const disk = simDisk({ seed: 'rot' })
  const store = fileLog('/log', { cacheBytes, disk: disk.mount() })
  await store.open()
  for (let index = 1; index <= 40; index++) await store.append([makeEntry(index, 1, 200)])
  return { disk, store, path: disk.paths().find((name) => name.endsWith('.seg')) as string }
}

it('a sector that was durable and is gone is no torn tail', async () => {
  const { disk, path } = await filled(0)
  disk.killAll()
  const bytes = disk.read(path)
  const used = bytes.findLastIndex((byte) => byte !== 0) + 1
  for (let at = 0; at < used; at += SECTOR_BYTES) {
    const copy = disk.copy()
    copy.put(path, bytes.slice().fill(0, at, at + SECTOR_BYTES))
    const store = fileLog('/log', { disk: copy.mount() })
    // Only the last frame may have been under way.
    if (at + SECTOR_BYTES < used - 300) await expect(store.open()).rejects.toMatchObject({ code: 'ERR_STORAGE' })
    else await store.open().catch(() => {})
    if (at + SECTOR_BYTES >= used && store.first === 1) expect(store.last.index).toBeGreaterThanOrEqual(38)
    await store.close()
  }
})

it('open says how the store was left', async () => {
  const { disk, store, path } = await filled(0)
  await store.close()
  expect(await store.open()).toEqual({ fresh: false, clean: true, cut: undefined })
  const sealed = disk.read(path).length
  await store.append([makeEntry(41, 1, 2000)])
  disk.killAll()
  const copy = disk.copy()
  const whole = fileLog('/log', { disk: copy.mount() })
  expect(await whole.open()).toEqual({ fresh: false, clean: false, cut: undefined })
  disk.put(path, disk.read(path).subarray(0, sealed + 700))
  const torn = fileLog('/log', { disk: disk.mount() })
  expect(await torn.open()).toEqual({ fresh: false, clean: false, cut: { file: path, offset: sealed, bytes: 700 } })
  expect([whole.last.index, torn.last.index]).toEqual([41, 40])
  await Promise.all([whole.close(), torn.close()])
})

it('options out of range are refused', () => {
  for (const options of [{ segmentBytes: 100 }, { segmentBytes: 1e12 }, { cacheBytes: -1 }]) {
    expect(() => fileLog('/log', options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }) as Error)
  }
  expect(() => fileLog('')).toThrow(/directory/)
})

it('what is read later is verified again: a file that rots under an open store is not served', async () => {
  const { disk, store, path } = await filled(1000)
  const bytes = disk.read(path)
  const at = bytes.findIndex((_, i) => bytes.subarray(i, i + 200).every((byte, j) => byte === makeEntry(7, 1, 200).bytes[j]))
  const file = await disk.mount().open(path, 'write')
  await file.write(at + 100, new Uint8Array([(bytes[at + 100] as number) ^ 1]))
  const refused = { code: 'ERR_STORAGE', message: expect.stringMatching(/log-0000000001\.seg is corrupt at byte \d+: entry 7/) as string }
  await expect(store.entries(5, 9)).rejects.toMatchObject(refused)
  expect(await store.entries(8, 40)).toHaveLength(33)
  await store.append([makeEntry(41, 1)])
  await store.close()
})

it('the newest entries are read from memory, the others from disk', async () => {
  const { disk, store } = await filled(1000)
  const before = disk.calls
  expect(await store.entries(36, 40)).toHaveLength(5)
  expect(disk.calls).toBe(before)
  expect(await store.entries(35, 40)).toHaveLength(6)
  expect(disk.calls).toBe(before + 1)
  await store.truncate(38)
  await store.append([makeEntry(38, 2, 200)])
  expect((await store.entries(38, 38))[0]?.term).toBe(2)
  await store.close()
})
