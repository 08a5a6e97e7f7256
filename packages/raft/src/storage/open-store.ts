import { MosaikError, type Disk, type DiskLock } from '@mosaik/core'
import { Journal } from './journal.ts'
import { LogState } from './log-state.ts'
import { recover } from './recover.ts'
import { reasonOf, storageError } from './refusal.ts'
import { Snapshots } from './snapshots.ts'
import type { Opened } from './types.ts'

export interface StoreOptions {
  readonly directory: string
  readonly disk: Disk
  readonly segmentBytes: number
  readonly cacheBytes: number
}

/** A directory that is locked, read and ready to be written. */
export interface OpenStore {
  readonly state: LogState
  readonly journal: Journal
  readonly snapshots: Snapshots
  close(): Promise<void>
}

/** Opens the store in a directory. Whatever fails, the lock and all files are given back. */
export async function openStore(options: StoreOptions, owner: string | undefined): Promise<{ store: OpenStore; opened: Opened }> {
  const { disk, directory } = options
  return told(directory, 'opened', async () => {
    await disk.makeDirectory(directory)
    const lock = await disk.lock(`${directory}/lock`)
    const snapshots = new Snapshots(disk, directory)
    try {
      return await readStore(options, owner, { lock, snapshots })
    } catch (error) {
      await snapshots.close()
      await lock.unlock()
      throw error
    }
  })
}

interface Held {
  readonly lock: DiskLock
  readonly snapshots: Snapshots
}

async function readStore(
  { directory, disk, segmentBytes, cacheBytes }: StoreOptions,
  owner: string | undefined,
  { lock, snapshots }: Held,
): Promise<{ store: OpenStore; opened: Opened }> {
  const state = new LogState(cacheBytes)
  const found = await recover(disk, directory, state)
  if (owner !== undefined && state.owner !== undefined && owner !== state.owner) {
    throw storageError(`${directory} belongs to ${state.owner}, not to ${owner}`)
  }
  const fresh = found.segments.length === 0
  const opened = { fresh, clean: (fresh || state.sealed) && found.cut === undefined, cut: found.cut }
  await snapshots.open(state.snapshot)
  const journal = new Journal({ disk, directory, state, segmentBytes }, found)
  const close = async (): Promise<void> => {
    const both = Promise.allSettled([snapshots.close(), journal.close()])
    const failed = (await both).find((outcome) => outcome.status === 'rejected')
    await lock.unlock()
    if (failed !== undefined) throw storageError(`${directory} cannot be closed: ${reasonOf(failed.reason)}`, failed.reason)
  }
  try {
    await journal.open(found)
    if (owner !== undefined && state.owner === undefined) await journal.submit({ marks: [{ type: 'owner', owner }], entries: [] }, 0)
  } catch (error) {
    await journal.close().catch(() => {})
    throw error
  }
  return { store: { state, journal, snapshots, close }, opened }
}

/** What the disk says becomes `ERR_STORAGE`. */
async function told<T>(directory: string, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw MosaikError.is(error) ? error : storageError(`${directory} cannot be ${what}: ${reasonOf(error)}`, error)
  }
}
