import { MosaikError, type Disk, type DiskFile } from '@mosaik/core'
import { encodeFrame, type FramePart } from './frame.ts'
import type { Index, Term } from '../logic/types.ts'
import { GROUP_BYTES, MAX_WAITING_BYTES } from './limits.ts'
import type { LogState } from './log-state.ts'
import type { Recovered } from './recover.ts'
import { reasonOf, storageError } from './refusal.ts'
import { newSegment, type Segment } from './segment.ts'

/** Room is taken ahead of small frames: a file that does not grow is synced faster. Large frames would be written twice. */
const AHEAD = Buffer.alloc(512 * 1024)
const SMALL_FRAME_BYTES = 64 * 1024
/** What an entry or a mark costs besides its bytes, on disk and while it waits, roughly. */
const RECORD_BYTES = 64

export interface JournalOptions {
  readonly disk: Disk
  readonly directory: string
  readonly state: LogState
  /** A segment that has reached this size is the last but one. */
  readonly segmentBytes: number
}

/** Parts that become durable together. */
interface Group {
  readonly parts: FramePart[]
  bytes: number
  readonly done: PromiseWithResolvers<void>
}

interface Active {
  readonly segment: Segment
  readonly file: DiskFile
  /** Where the next frame goes. */
  end: number
  /** Of the file, with the room taken ahead. */
  size: number
}

/** Writes frames one after the other; what comes while one is under way is joined into the next. One sync for each. */
export class Journal {
  /** Why nothing can be written any more. */
  failure: MosaikError | undefined
  readonly #options: JournalOptions
  readonly #segments: Segment[]
  #active: Active | undefined
  #sequence: number
  #waiting: Group[] = []
  #current: Group | undefined
  #waitingBytes = 0
  #running: Promise<void> | undefined

  constructor(options: JournalOptions, { segments, sequence }: Recovered) {
    this.#options = options
    this.#segments = segments
    this.#sequence = sequence
  }

  /** Continues the last segment. */
  async open({ segments, end, size }: Recovered): Promise<void> {
    const segment = segments.at(-1)
    if (segment === undefined) return
    this.#active = { segment, file: await this.#options.disk.open(segment.path, 'write'), end, size }
  }

  /** Resolves when `part` is durable and in the state. All that share a frame get the same promise. */
  submit(part: FramePart, payload: number): Promise<void> {
    if (this.failure !== undefined) throw this.failure
    const bytes = payload + RECORD_BYTES * (part.marks.length + part.entries.length)
    if (this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      throw new MosaikError('ERR_TOO_LARGE', `${this.#waitingBytes} bytes wait for the disk already; wait for earlier writes`)
    }
    let group = this.#waiting.at(-1)
    // Nothing to write: it is done when what came before it is.
    if (part.marks.length === 0 && part.entries.length === 0) return (group ?? this.#current)?.done.promise ?? Promise.resolve()
    if (group === undefined || group.bytes + bytes > GROUP_BYTES) {
      group = { parts: [], bytes: 0, done: Promise.withResolvers() }
      this.#waiting.push(group)
    }
    group.parts.push(part)
    group.bytes += bytes
    this.#waitingBytes += bytes
    this.#running ??= this.#run()
    return group.done.promise
  }

  /** The term of an entry, also of one that is not durable yet. */
  termOf(index: Index): Term | undefined {
    const groups = this.#current === undefined ? this.#waiting : [this.#current, ...this.#waiting]
    for (const { parts } of groups.toReversed()) {
      for (const { entries } of parts.toReversed()) {
        const entry = entries[index - (entries[0]?.index ?? 0)]
        if (entry?.index === index) return entry.term
      }
    }
    return this.#options.state.window.get(index)?.term
  }

  /** Resolves when nothing waits or is under way, whatever became of it. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  /** The handle of a segment's file when it is the one being written. */
  fileOf(segment: Segment): DiskFile | undefined {
    return this.#active?.segment === segment ? this.#active.file : undefined
  }

  /** Seals what is there, so that the next `open` knows of every byte whether it is right. */
  async close(): Promise<void> {
    await this.idle()
    const active = this.#active
    try {
      if (active === undefined || this.failure !== undefined) return
      if (!this.#options.state.sealed) await this.#commit([{ marks: [{ type: 'sealed' }], entries: [] }])
      const { file, end, size } = this.#active ?? active
      if (size === end) return
      await file.truncate(end)
      await file.datasync()
    } finally {
      await this.#active?.file.close()
    }
  }

  async #run(): Promise<void> {
    await Promise.resolve() // what is written in this turn shares a frame
    for (let group = this.#waiting.shift(); group !== undefined; group = this.#waiting.shift()) {
      this.#current = group
      try {
        await this.#commit(group.parts)
        this.#current = undefined
        this.#waitingBytes -= group.bytes
        group.done.resolve()
        await this.#removeEmpty()
      } catch (cause) {
        this.#fail(cause, group)
      }
    }
    this.#current = undefined
    this.#running = undefined
  }

  #fail(cause: unknown, group: Group): void {
    const where = this.#active?.segment.path ?? this.#options.directory
    this.failure = storageError(`${where}: ${reasonOf(cause)}; nothing more is written until the store is opened again`, cause)
    for (const { done } of [group, ...this.#waiting.splice(0)]) done.reject(this.failure)
    this.#waitingBytes = 0
  }

  async #commit(given: readonly FramePart[]): Promise<void> {
    const { state, segmentBytes, disk, directory } = this.#options
    const isNew = this.#active === undefined || this.#active.end >= segmentBytes
    const active = isNew ? await this.#roll() : (this.#active as Active)
    const start = { type: 'start', start: state.start(active.segment.number) } as const
    const parts = isNew ? [{ marks: [start], entries: [] }, ...given] : given
    const sequence = this.#sequence + 1
    const offsets: number[] = []
    const frame = encodeFrame(sequence, parts, (at) => offsets.push(active.end + at))
    await this.#write(active, frame)
    if (isNew) await disk.syncDirectory(directory)
    this.#sequence = sequence
    active.end += frame.length
    let next = 0
    for (const { marks, entries } of parts) {
      for (const mark of marks) state.apply(mark)
      for (const { term, bytes } of entries) {
        state.push({ term, length: bytes.length, segment: active.segment, offset: offsets[next++] as number, bytes })
      }
    }
  }

  async #write(active: Active, frame: Buffer): Promise<void> {
    const { file, end, size } = active
    const after = end + frame.length
    const room = after > size && frame.length < SMALL_FRAME_BYTES ? Math.min(AHEAD.length, this.#options.segmentBytes - after) : 0
    active.size = Math.max(size, after + Math.max(0, room))
    if (room <= 0) return file.writeDurably(end, frame)
    await Promise.all([file.write(end, frame), file.write(after, AHEAD.subarray(0, room))])
    await file.datasync()
  }

  async #roll(): Promise<Active> {
    const { disk, directory } = this.#options
    const previous = this.#segments.at(-1)
    const segment = newSegment(directory, (previous?.number ?? 0) + 1)
    const file = await disk.open(segment.path, 'create')
    if (previous?.live === 0) previous.hollow = true
    await this.#active?.file.close()
    this.#active = { segment, file, end: 0, size: 0 }
    this.#segments.push(segment)
    return this.#active
  }

  /** Removes the oldest segments that hold nothing any more, and those that held nothing when the next one began. */
  async #removeEmpty(): Promise<void> {
    const segments = this.#segments
    const front = segments.findIndex((segment) => segment.live > 0 || segment === this.#active?.segment)
    const empty = segments.filter((segment, i) => i < front || segment.hollow)
    for (const segment of empty) {
      await this.#options.disk.remove(segment.path)
      segments.splice(segments.indexOf(segment), 1)
    }
  }
}
