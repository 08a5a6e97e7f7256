import { check, MosaikError, type Disk } from '@mosaik/core'
import { systemDisk } from '@mosaik/core/system'
import type { Cursor, Index, Term } from '../logic/types.ts'
import { checkNewSnapshot } from './check-snapshot.ts'
import { checkPrune, checkRange, checkWrite, type Extent } from './check-write.ts'
import { MAX_OWNER_LENGTH } from './limits.ts'
import { openStore, type OpenStore } from './open-store.ts'
import { readEntries } from './read-entries.ts'
import type { Mark } from './record.ts'
import { notOpen, pruned, reasonOf, storageError } from './refusal.ts'
import type { LogEntry, LogStore, LogWrite, NewSnapshot, Opened, OpenOptions, SnapshotMark } from './types.ts'

const MIB = 2 ** 20

export interface FileLogOptions {
  /** Where the directory is. Default: this machine's files. */
  readonly disk?: Disk
  /** A file of the log that has reached this size is followed by another one. 4 KiB to 256 MiB, default 16 MiB. */
  readonly segmentBytes?: number
  /** Bytes of the newest entries that are kept in memory, too. Default 8 MiB. */
  readonly cacheBytes?: number
}

/**
 * A log in a directory of its own, made when it is not there. What is acknowledged has been synced; writes that come
 * while the disk is busy share the next sync. One process at a time: the kernel ends the lock with the process.
 *
 * `open` cuts what a crash has left half written and says so in `cut`. Everything else that cannot be read is refused
 * with `ERR_STORAGE`, naming the file and the byte. Beyond the entries in `cacheBytes` about 100 bytes of memory
 * per entry are used.
 *
 * ```ts
 * const group = groups.join({ key, machine, storage: fileLog('/var/lib/orders') })
 * ```
 *
 * Throws `ERR_INVALID_OPTION`.
 */
export function fileLog(directory: string, options: FileLogOptions = {}): LogStore {
  check.text('directory', directory)
  const segmentBytes = check.integer('segmentBytes', options.segmentBytes, { min: 4096, max: 256 * MIB, default: 16 * MIB })
  const cacheBytes = check.integer('cacheBytes', options.cacheBytes, { min: 0, default: 8 * MIB })
  return new FileLog({ directory, disk: options.disk ?? systemDisk, segmentBytes, cacheBytes })
}

class FileLog implements LogStore {
  readonly durable = true
  readonly #options: Required<FileLogOptions> & { readonly directory: string }
  #store: OpenStore | undefined
  #opening = false
  #closing: Promise<void> | undefined
  #saving = false
  /** What the log will be when all that was accepted is done. */
  #planned: Extent = { before: 0, last: 0 }

  constructor(options: Required<FileLogOptions> & { readonly directory: string }) {
    this.#options = options
  }

  async open({ owner }: OpenOptions = {}): Promise<Opened> {
    check.text('owner', owner, { max: MAX_OWNER_LENGTH, default: undefined })
    const { directory } = this.#options
    if (this.#opening || this.#store !== undefined) throw storageError(`${directory} is locked: this store is open already`)
    this.#opening = true
    try {
      await this.#closing?.catch(() => {}) // whoever closes it is told
      const { store, opened } = await openStore(this.#options, owner)
      this.#store = store
      this.#planned = { before: store.state.window.before, last: store.state.window.last }
      return opened
    } finally {
      this.#opening = false
    }
  }

  get first(): Index {
    return (this.#store?.state.boundary.index ?? 0) + 1
  }

  get last(): Cursor {
    return this.#store?.state.last ?? { term: 0, index: 0 }
  }

  get bytes(): number {
    return this.#store?.state.bytes ?? 0
  }

  get hardState(): Uint8Array | undefined {
    return this.#store?.state.hardState
  }

  get snapshot(): SnapshotMark | undefined {
    return this.#store?.snapshots.current?.mark
  }

  write(write: LogWrite): Promise<void> {
    try {
      return this.#submit(this.#needOpen(), write)
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  append(entries: readonly LogEntry[]): Promise<void> {
    return this.write({ entries })
  }

  truncate(from: Index): Promise<void> {
    return this.write({ truncateFrom: from })
  }

  setHardState(bytes: Uint8Array): Promise<void> {
    return this.write({ hardState: bytes })
  }

  async entries(from: Index, to: Index, maxBytes: number = Number.POSITIVE_INFINITY): Promise<readonly LogEntry[]> {
    const { state, journal } = this.#needOpen()
    const { before, last } = state.window
    if (!checkRange(from, to, { before, last })) return []
    const slots = []
    let size = 0
    for (const slot of state.window.range(from, to)) {
      size += slot.length
      if (size > maxBytes && slots.length > 0) break
      slots.push(slot)
    }
    try {
      return await readEntries(this.#options.disk, from, slots, (segment) => journal.fileOf(segment))
    } catch (error) {
      this.#needOpen()
      if (from < this.first) throw pruned(`entries ${from} to ${to} are gone`, this.first)
      throw MosaikError.is(error) ? error : storageError(`entries ${from} to ${to} cannot be read: ${reasonOf(error)}`, error)
    }
  }

  async termAt(index: Index): Promise<Term | undefined> {
    const { boundary, window } = this.#needOpen().state
    return index === boundary.index ? boundary.term : window.get(index)?.term
  }

  async prune(upTo: Index): Promise<void> {
    const { journal } = this.#needOpen()
    if (!checkPrune(upTo, this.#planned)) return journal.submit({ marks: [], entries: [] }, 0)
    const at = { index: upTo, term: journal.termOf(upTo) as Term }
    const done = journal.submit({ marks: [{ type: 'prune', at }], entries: [] }, 0)
    this.#planned = { ...this.#planned, before: upTo }
    return done
  }

  async saveSnapshot(snapshot: NewSnapshot, also: LogWrite = {}): Promise<SnapshotMark> {
    const store = this.#needOpen()
    checkNewSnapshot(snapshot)
    if (this.#saving) throw new MosaikError('ERR_ALREADY_EXISTS', `${this.#options.directory}: another snapshot is being saved`)
    if (store.journal.failure !== undefined) throw store.journal.failure
    this.#saving = true
    try {
      const file = await store.snapshots.write(snapshot)
      let done: Promise<void>
      try {
        this.#needOpen()
        done = this.#submit(store, also, [{ type: 'snapshot', number: file.number }])
      } catch (error) {
        await store.snapshots.discard(file)
        throw error
      }
      await done // when this fails nobody knows which snapshot counts: the next `open` will
      await store.snapshots.use(file)
      return file.mark
    } finally {
      this.#saving = false
    }
  }

  readSnapshot(from = 0): AsyncIterable<Uint8Array> {
    check.integer('from', from, { min: 0 })
    return this.#needOpen().snapshots.read(from)
  }

  close(): Promise<void> {
    const store = this.#store
    if (store === undefined) return this.#closing ?? Promise.resolve()
    this.#store = undefined
    this.#closing = store.close().finally(() => (this.#closing = undefined))
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #submit(store: OpenStore, write: LogWrite, also: readonly Mark[] = []): Promise<void> {
    const { bytes, ...planned } = checkWrite(write, this.#planned)
    const done = store.journal.submit({ marks: [...marksOf(write), ...also], entries: write.entries ?? [] }, bytes)
    this.#planned = planned
    return done
  }

  #needOpen(): OpenStore {
    if (this.#store === undefined) throw notOpen(this.#options.directory)
    return this.#store
  }
}

function marksOf({ reset, truncateFrom, hardState }: LogWrite): Mark[] {
  const marks: Mark[] = []
  if (reset !== undefined) marks.push({ type: 'reset', at: { ...reset } })
  if (truncateFrom !== undefined) marks.push({ type: 'truncate', from: truncateFrom })
  if (hardState !== undefined) marks.push({ type: 'hardState', bytes: hardState })
  return marks
}
