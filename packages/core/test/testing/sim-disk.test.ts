import { simDisk, simWorld, type SimDisk } from '@mosaik/core/testing'
import { describe, expect, it } from 'vitest'
import type { Disk } from '../../src/disk/disk.ts'

const PATH = '/data/file'
const bytes = (fill: number, length = 2000): Uint8Array => new Uint8Array(length).fill(fill)

async function fresh(disk: SimDisk): Promise<Disk> {
  const view = disk.mount()
  await view.makeDirectory('/data')
  return view
}

/** Writes 2000 sevens durably, then 3000 nines beside them without a sync. */
async function halfSynced(seed: number): Promise<SimDisk> {
  const disk = simDisk({ seed })
  const view = await fresh(disk)
  const file = await view.open(PATH, 'create')
  await file.write(0, bytes(7))
  await file.datasync()
  await view.syncDirectory('/data')
  await file.write(2000, bytes(9, 3000))
  return disk
}

describe('a power cut', () => {
  it('keeps what was synced, and of the rest nothing, a beginning or any sectors', async () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 200; seed++) {
      const disk = await halfSynced(seed)
      disk.cutPower()
      const left = disk.read(PATH)
      expect(left.subarray(0, 2000)).toEqual(bytes(7))
      const rest = [...left.subarray(2000)]
      expect(rest.every((byte) => byte === 0 || byte === 9)).toBe(true)
      const nines = rest.filter((byte) => byte === 9).length
      seen.add(nines === 0 ? 'nothing' : nines === 3000 ? 'all' : rest.lastIndexOf(9) === nines - 1 ? 'a beginning' : 'any sectors')
    }
    expect([...seen].toSorted()).toEqual(['a beginning', 'all', 'any sectors', 'nothing'])
  })

  it('may take back names that were not synced, the newest first', async () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 50; seed++) {
      const disk = simDisk({ seed })
      const view = await fresh(disk)
      for (const name of ['a', 'b']) await view.open(`/data/${name}`, 'create')
      await view.syncDirectory('/data')
      await view.rename('/data/a', '/data/c')
      await view.remove('/data/b')
      disk.cutPower()
      seen.add(disk.paths().join())
    }
    expect([...seen].toSorted()).toEqual(['/data/a,/data/b', '/data/b,/data/c', '/data/c'])
  })

  it('ends locks and the calls of those who used the disk; a kill loses no bytes', async () => {
    const disk = await halfSynced(1)
    const view = disk.mount()
    await view.lock('/data/lock')
    await expect(disk.mount().lock('/data/lock')).rejects.toMatchObject({ code: 'ERR_STORAGE' })
    disk.killAll()
    await expect(view.list('/data')).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    const lock = await disk.mount().lock('/data/lock')
    await lock.unlock()
    expect(disk.read(PATH)).toHaveLength(5000)
  })
})

it('the n-th call fails when it is planned, with a part of it done', async () => {
  const disk = await halfSynced(2)
  const file = await disk.mount().open(PATH, 'write')
  disk.plan({ call: 2, error: 'ENOSPC' })
  expect(await file.size()).toBe(5000)
  await expect(file.write(5000, bytes(3))).rejects.toMatchObject({ code: 'ENOSPC' })
  expect(disk.read(PATH).length).toBeLessThan(7000)
  await file.datasync()
  disk.plan({ call: 1, cut: true })
  await expect(file.write(0, bytes(4))).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  await expect(file.size()).rejects.toMatchObject({ code: 'ERR_CLOSED' })
})

it('a file is cut and extended with zeros, and missing files are missing', async () => {
  const disk = simDisk({ seed: 1 })
  const view = await fresh(disk)
  const file = await view.open(PATH, 'create')
  await file.write(0, bytes(5, 10))
  await file.truncate(4)
  await file.write(6, bytes(1, 2))
  expect([...(await file.read(0, 100))]).toEqual([5, 5, 5, 5, 0, 0, 1, 1])
  await expect(view.open(PATH, 'create')).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(view.open('/data/none', 'read')).rejects.toMatchObject({ code: 'ENOENT' })
  const copy = disk.copy()
  disk.put(PATH, undefined)
  expect([disk.paths(), copy.paths()]).toEqual([[], [PATH]])
})

it('in a world calls take virtual time, a paused process waits and a dead one never hears', async () => {
  await using world = simWorld({ seed: 3 })
  const node = await world.endpoint('disks')
  const disk = world.disk('one')
  expect(world.disk('one')).toBe(disk)
  const view = disk.mount({ clock: node.clock, latency: { min: 5, max: 10 } })
  await world.run(view.makeDirectory('/data'))
  expect(world.now).toBeGreaterThanOrEqual(5)
  world.pause(node)
  let answered = false
  const listing = view.list('/data').then(() => (answered = true))
  await world.run('1s')
  expect(answered).toBe(false)
  world.resume(node)
  await world.run(listing)
  void view.list('/data').then(() => (answered = false))
  world.crash(node)
  await world.run('1s')
  expect(answered).toBe(true)
})
