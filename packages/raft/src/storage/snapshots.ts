import { MosaikError, type Disk } from '@mosaik/core'
import { notOpen, reasonOf, storageError } from './refusal.ts'
import { openSnapshot, readChunk, snapshotName, TEMPORARY, writeSnapshot, type SnapshotFile } from './snapshot-file.ts'
import type { NewSnapshot } from './types.ts'

/** A file with those who read it. */
interface Held {
  readonly file: SnapshotFile
  readers: number
}

/** The snapshot files of a store: one counts, older ones stay open until nobody reads them any more. */
export class Snapshots {
  readonly #disk: Disk
  readonly #directory: string
  readonly #closing = new AbortController()
  #writing: Promise<unknown> | undefined
  readonly #held = new Map<SnapshotFile, Held>()
  #current: SnapshotFile | undefined
  #number = 0

  constructor(disk: Disk, directory: string) {
    this.#disk = disk
    this.#directory = directory
  }

  /** Verifies the snapshot that counts (0: none), and removes what else is there. */
  async open(current: number): Promise<void> {
    this.#number = current
    if (current > 0) this.#current = this.#add(await openSnapshot(this.#disk, this.#directory, current))
    for (const name of await this.#disk.list(this.#directory)) {
      if (name.endsWith('.snap') ? name !== snapshotName(current) : name.endsWith(TEMPORARY)) {
        await this.#disk.remove(`${this.#directory}/${name}`)
      }
    }
  }

  get current(): SnapshotFile | undefined {
    return this.#current
  }

  /** Writes a file that does not count yet. */
  async write(snapshot: NewSnapshot): Promise<SnapshotFile> {
    const writing = writeSnapshot(this.#disk, this.#directory, ++this.#number, { snapshot, signal: this.#closing.signal })
    this.#writing = writing
    return this.#add(await writing)
  }

  /** `file` counts from now on. */
  async use(file: SnapshotFile): Promise<void> {
    const before = this.#current
    this.#current = file
    if (before !== undefined) await this.discard(before)
  }

  /** `file` does not count: it is removed, and closed when nobody reads it. */
  async discard(file: SnapshotFile): Promise<void> {
    if (!this.#closing.signal.aborted) await this.#disk.remove(file.path).catch(() => {}) // else the next `open` removes it
    await this.#release(file)
  }

  /** The chunks of the snapshot that counts now, also when another one counts before they are all read. */
  read(from: number): AsyncIterable<Uint8Array> {
    const file = this.#current
    const held = file === undefined ? undefined : this.#held.get(file)
    if (held === undefined) return nothing()
    held.readers += 1
    return this.#chunks(held, from)
  }

  async close(): Promise<void> {
    this.#closing.abort(notOpen(this.#directory))
    await this.#writing?.catch(() => {}) // who called is told
    const files = [...this.#held.keys()]
    this.#held.clear()
    this.#current = undefined
    for (const { file } of files) await file.close()
  }

  #add(file: SnapshotFile): SnapshotFile {
    this.#held.set(file, { file, readers: 0 })
    return file
  }

  async *#chunks(held: Held, from: number): AsyncGenerator<Uint8Array, void, undefined> {
    const { file } = held
    try {
      for (let i = from; i < file.mark.chunks; i++) {
        if (!this.#held.has(file)) throw new MosaikError('ERR_CLOSED', `${file.path} was closed while it was read`)
        yield await readChunk(file, i).catch((error: unknown) => {
          throw MosaikError.is(error) ? error : storageError(`${file.path} cannot be read: ${reasonOf(error)}`, error)
        })
      }
    } finally {
      held.readers -= 1
      await this.#release(file)
    }
  }

  async #release(file: SnapshotFile): Promise<void> {
    if (file === this.#current || this.#held.get(file)?.readers !== 0) return
    this.#held.delete(file)
    await file.file.close()
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}
