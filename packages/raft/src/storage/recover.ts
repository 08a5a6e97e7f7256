import type { Disk } from '@mosaik/core'
import { isBlank, judge } from './damage.ts'
import { readHead, readItems, type Item } from './frame.ts'
import { MAX_SEGMENT_BYTES } from './limits.ts'
import type { LogState } from './log-state.ts'
import { decodeEntry, RECORD_HEAD } from './record.ts'
import { corrupt, storageError } from './refusal.ts'
import { newSegment, segmentNumber, type Segment } from './segment.ts'
import type { CutTail } from './types.ts'

/** What was found in the segments of a log. */
export interface Recovered {
  readonly segments: Segment[]
  /** Of the last segment: where its frames end. */
  readonly end: number
  readonly size: number
  /** Of the last frame. */
  readonly sequence: number
  readonly cut: CutTail | undefined
}

/** Reads all segments into `state`, cuts what a crash has left half written, and refuses what is corrupt. */
export async function recover(disk: Disk, directory: string, state: LogState): Promise<Recovered> {
  const names = await disk.list(directory)
  const numbers = names.map(segmentNumber).filter((number) => number !== undefined)
  const reader = new SegmentReader(disk, directory, state)
  for (const number of numbers) await reader.read(number, number === numbers.at(-1))
  const { segments, end, size, sequence, cut } = reader
  if (state.window.before > state.boundary.index) {
    const lost = `entries up to ${state.window.before} are missing (pruned up to ${state.boundary.index})`
    throw corrupt(segments[0]?.path ?? directory, 0, `${lost}: a segment before it has been removed`)
  }
  return { segments, end, size, sequence, cut }
}

class SegmentReader {
  readonly segments: Segment[] = []
  end = 0
  size = 0
  sequence = 0
  cut: CutTail | undefined
  readonly #disk: Disk
  readonly #directory: string
  readonly #state: LogState

  constructor(disk: Disk, directory: string, state: LogState) {
    this.#disk = disk
    this.#directory = directory
    this.#state = state
  }

  async read(number: number, isLast: boolean): Promise<void> {
    const segment = newSegment(this.#directory, number)
    const bytes = await this.#load(segment.path)
    let [at, lastFrame] = [0, 0]
    while (!isBlank(bytes, at)) {
      const next = this.#frame(bytes, at, segment)
      if (typeof next === 'string') {
        if (!isLast) throw corrupt(segment.path, at, `${next}, though later segments exist`)
        this.cut = { file: segment.path, offset: at, bytes: bytes.length - at }
        break
      }
      ;[at, lastFrame] = [next, at]
    }
    if (at === 0 && !isLast) throw corrupt(segment.path, 0, 'it is empty, though later segments exist')
    // What a crash has left of a segment's first frame is no segment.
    if (at === 0) return this.#remove(segment.path)
    if (isLast) await this.#settle(segment.path, bytes.subarray(lastFrame, at), lastFrame)
    this.segments.push(segment)
    this.end = at
    this.size = this.cut === undefined ? bytes.length : at
  }

  /** Takes in the frame at `at` and answers where it ends, or in words why a crash has cut it off. */
  #frame(bytes: Buffer, at: number, segment: Segment): number | string {
    const head = readHead(bytes, at)
    const items = head === undefined ? undefined : readItems(bytes, at, head)
    const expected = this.sequence + 1
    // A segment that held nothing any more may have been removed, with the numbers of its frames.
    const skips = at === 0 && this.segments.at(-1)?.number !== segment.number - 1
    if (head === undefined || items === undefined || !(skips ? head.sequence >= expected : head.sequence === expected)) {
      const { torn, detail } = judge(bytes, at, skips ? (head?.sequence ?? expected) : expected)
      if (torn) return detail
      throw corrupt(segment.path, at, detail)
    }
    const first = items[0]
    const starts = first !== undefined && 'mark' in first && first.mark.type === 'start' && first.mark.start.segment === segment.number
    if (starts !== (at === 0)) throw corrupt(segment.path, at, 'a segment starts at the wrong place')
    for (const item of items) this.#take(item, segment)
    this.sequence = head.sequence
    return head.end
  }

  #take(item: Item, segment: Segment): void {
    if ('mark' in item) return this.#state.apply(item.mark)
    const offset = item.entry.at - RECORD_HEAD
    const { index, term, bytes } = decodeEntry(item.entry.body)
    const expected = this.#state.window.last + 1
    if (index !== expected) throw corrupt(segment.path, offset, `entry ${index} stands where ${expected} belongs`)
    this.#state.push({ term, length: bytes.length, segment, offset, bytes: undefined })
  }

  async #load(path: string): Promise<Buffer> {
    const file = await this.#disk.open(path, 'read')
    try {
      const size = await file.size()
      if (size > MAX_SEGMENT_BYTES) throw storageError(`${path} has ${size} bytes: it is no segment of a log`)
      const bytes = await file.read(0, size)
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    } finally {
      await file.close()
    }
  }

  /**
   * Makes the last frame durable, which may have been read from memory of the system only: its sync may never have been asked
   * for, or have failed, after which another sync alone would do nothing. Cuts what comes after it.
   */
  async #settle(path: string, frame: Buffer, at: number): Promise<void> {
    const file = await this.#disk.open(path, 'write')
    try {
      await file.write(at, frame)
      if (this.cut !== undefined) await file.truncate(at + frame.length)
      await file.datasync()
    } finally {
      await file.close()
    }
    await this.#disk.syncDirectory(this.#directory)
  }

  async #remove(path: string): Promise<void> {
    await this.#disk.remove(path)
    await this.#disk.syncDirectory(this.#directory)
  }
}
