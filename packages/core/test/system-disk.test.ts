import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemDisk } from '@mosaik/core/system'
import { afterEach, beforeEach, expect, it } from 'vitest'

let top: string
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'mosaik-disk-'))
})
afterEach(() => rm(top, { recursive: true }))

it('makes, writes, reads, renames, lists and removes files', async () => {
  const directory = `${top}/a/b`
  await systemDisk.makeDirectory(directory)
  await systemDisk.makeDirectory(directory)
  const file = await systemDisk.open(`${directory}/x`, 'create')
  await file.write(3, new Uint8Array([1, 2, 3]))
  await file.datasync()
  expect(await file.size()).toBe(6)
  expect([...(await file.read(2, 100))]).toEqual([0, 1, 2, 3])
  await file.truncate(5)
  await file.close()
  await expect(systemDisk.open(`${directory}/x`, 'create')).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(systemDisk.open(`${directory}/y`, 'write')).rejects.toMatchObject({ code: 'ENOENT' })
  const same = await systemDisk.open(`${directory}/x`, 'write')
  await same.writeDurably(4, new Uint8Array([7]))
  await same.writeDurably(5, new Uint8Array(100_000).fill(8))
  expect([...(await same.read(3, 3))]).toEqual([1, 7, 8])
  expect(await same.size()).toBe(100_005)
  await same.truncate(5)
  await same.close()
  await systemDisk.rename(`${directory}/x`, `${directory}/y`)
  await systemDisk.syncDirectory(directory)
  expect(await systemDisk.list(directory)).toEqual(['y'])
  const again = await systemDisk.open(`${directory}/y`, 'read')
  expect([...(await again.read(0, 10))]).toEqual([0, 0, 0, 1, 7])
  await again.close()
  await systemDisk.remove(`${directory}/y`)
  expect(await systemDisk.list(directory)).toEqual([])
})

it('locks once, names the holder, and locks again when unlocked', async () => {
  const path = `${top}/lock`
  const lock = await systemDisk.lock(path)
  const message = new RegExp(`locked by process ${process.pid} on`)
  await expect(systemDisk.lock(path)).rejects.toMatchObject({ code: 'ERR_STORAGE', message: expect.stringMatching(message) as string })
  await lock.unlock()
  const again = await systemDisk.lock(path)
  await again.unlock()
})
