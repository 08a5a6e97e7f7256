import { constants } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { MosaikError } from '../check/error.ts'
import type { Disk, DiskFile, DiskLock } from '../disk/disk.ts'

const FLAGS = {
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  read: constants.O_RDONLY,
  write: constants.O_RDWR,
} as const
const SQLITE_BUSY = 5

/** The files of this machine. Nothing of it blocks the event loop but `lock`, for as long as opening a file takes. */
export const systemDisk: Disk = {
  makeDirectory: async (path) => {
    const first = await mkdir(path, { recursive: true })
    if (first === undefined) return
    const top = dirname(first)
    for (let parent = dirname(path); ; parent = dirname(parent)) {
      await syncDirectory(parent)
      if (parent === top || parent === dirname(parent)) return
    }
  },
  list: async (directory) => (await readdir(directory)).toSorted(),
  open: async (path, mode) => systemFile(await open(path, FLAGS[mode], 0o600)),
  rename,
  remove: (path) => rm(path),
  syncDirectory,
  lock,
}

function systemFile(handle: FileHandle): DiskFile {
  return {
    size: async () => (await handle.stat()).size,
    read: async (offset, length) => {
      const buffer = Buffer.allocUnsafeSlow(length)
      let filled = 0
      while (filled < length) {
        const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return buffer.subarray(0, filled)
    },
    write: async (offset, bytes) => {
      let written = 0
      while (written < bytes.length) {
        written += (await handle.write(bytes, written, bytes.length - written, offset + written)).bytesWritten
      }
    },
    truncate: (size) => handle.truncate(size),
    datasync: () => handle.datasync(),
    close: () => handle.close(),
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * A lock that the kernel takes back when the process ends, however it ends: SQLite is the one part of Node that locks
 * files. Nothing is ever stored in the file. Who holds it is written beside it, for people.
 */
async function lock(path: string): Promise<DiskLock> {
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(path, { timeout: 0 })
  const holderPath = `${path}.holder`
  try {
    database.exec('PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY) throw cause
    const holder = await readFile(holderPath, 'utf8').catch(() => 'another process')
    throw new MosaikError('ERR_STORAGE', `${path} is locked by ${holder}`, { cause })
  }
  await writeFile(holderPath, `process ${process.pid} on ${hostname()}`).catch(() => {}) // the lock holds without it
  return {
    unlock: async () => {
      await rm(holderPath, { force: true })
      database.close()
    },
  }
}
