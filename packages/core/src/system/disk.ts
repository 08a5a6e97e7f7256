import { constants, write } from 'node:fs'
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
/** Where a write that is synced is as safe as a sync: not on macOS, whose disks keep it in their cache. */
const HAS_SYNCED_WRITES = process.platform === 'linux'

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
  open: async (path, mode) => systemFile(path, await open(path, FLAGS[mode], 0o600)),
  rename,
  remove: (path) => rm(path),
  syncDirectory,
  lock,
}

function systemFile(path: string, handle: FileHandle): DiskFile {
  let synced: Promise<FileHandle> | undefined
  const writeAll = async (offset: number, bytes: Uint8Array): Promise<void> => {
    let written = 0
    while (written < bytes.length) {
      written += (await handle.write(bytes, written, bytes.length - written, offset + written)).bytesWritten
    }
  }
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
    write: writeAll,
    writeDurably: async (offset, bytes) => {
      if (!HAS_SYNCED_WRITES) {
        await writeAll(offset, bytes)
        return handle.datasync()
      }
      const { fd } = await (synced ??= open(path, constants.O_WRONLY | constants.O_DSYNC))
      await writeTo(fd, offset, bytes)
    },
    truncate: (size) => handle.truncate(size),
    datasync: () => handle.datasync(),
    close: async () => {
      await (await synced?.catch(() => undefined))?.close()
      await handle.close()
    },
  }
}

/** With callbacks: half of what a write of few bytes costs is the promises around it. */
function writeTo(fd: number, offset: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (written: number): void => {
      write(fd, bytes, written, bytes.length - written, offset + written, (error, count) => {
        if (error !== null) reject(error)
        else if (written + count < bytes.length) next(written + count)
        else resolve()
      })
    }
    next(0)
  })
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
