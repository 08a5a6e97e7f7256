import type { Cursor, Index, Term } from '../logic/types.ts'
import { LogWindow } from './log-window.ts'
import type { Mark, Start } from './record.ts'
import type { Segment } from './segment.ts'

/** Where one entry is. */
export interface Slot {
  readonly term: Term
  /** Of its bytes. */
  readonly length: number
  readonly segment: Segment
  /** Where its record begins in the file. */
  readonly offset: number
  /** While it is kept in memory. */
  bytes: Uint8Array | undefined
}

/** What a file log says, as far as its frames have been read or made durable. */
export class LogState {
  readonly window: LogWindow<Slot> = new LogWindow()
  /** Of the entries, on disk and in memory. */
  bytes = 0
  hardState: Uint8Array | undefined
  owner: string | undefined
  /** Number of the snapshot file that counts; 0 for none. */
  snapshot = 0
  sealed = false
  /** The position right before the first entry, once all is read. */
  boundary: Cursor = { term: 0, index: 0 }
  #cached = 0
  /** The oldest entry whose bytes may be in memory. */
  #cachedFrom: Index = 1
  readonly #cacheBytes: number

  /** Keeps the bytes of the newest entries in memory, up to `cacheBytes`. */
  constructor(cacheBytes: number) {
    this.#cacheBytes = cacheBytes
  }

  get last(): Cursor {
    const { last } = this.window
    return { term: this.window.get(last)?.term ?? this.boundary.term, index: last }
  }

  /** What the next segment begins with. */
  start(segment: number): Start {
    const { owner, hardState, snapshot, boundary, window } = this
    return { segment, owner, hardState, snapshot, boundary, last: window.last }
  }

  apply(mark: Mark): void {
    this.sealed = false
    switch (mark.type) {
      case 'start':
        return this.#begin(mark.start)
      case 'owner':
        this.owner = mark.owner
        return
      case 'reset':
        this.boundary = mark.at
        return this.window.restart(mark.at.index, this.#forget)
      case 'truncate':
        return this.#cut(mark.from)
      case 'prune':
        this.boundary = mark.at
        return this.window.dropThrough(mark.at.index, this.#forget)
      case 'hardState':
        this.hardState = mark.bytes
        return
      case 'snapshot':
        this.snapshot = mark.number
        return
      case 'sealed':
        this.sealed = true
    }
  }

  push(slot: Slot): void {
    this.sealed = false
    this.window.push(slot)
    this.bytes += slot.length
    slot.segment.live += 1
    if (slot.bytes === undefined) return
    this.#cached += slot.length
    this.#cachedFrom = Math.min(Math.max(this.#cachedFrom, this.window.before + 1), this.window.last)
    for (; this.#cached > this.#cacheBytes && this.#cachedFrom <= this.window.last; this.#cachedFrom++) {
      const oldest = this.window.get(this.#cachedFrom)
      if (oldest !== undefined) this.#uncache(oldest)
    }
  }

  /** Segments that hold nothing any more may have been removed, so a start may go back, or leave a gap of what was pruned. */
  #begin({ owner, hardState, snapshot, boundary, last }: Start): void {
    this.owner = owner
    this.hardState = hardState
    this.snapshot = snapshot
    this.boundary = boundary
    this.#cut(last + 1)
    if (last > this.window.last) this.window.restart(last, this.#forget)
    this.window.dropThrough(boundary.index, this.#forget)
  }

  #cut(from: Index): void {
    if (from <= this.window.before) this.window.restart(from - 1, this.#forget)
    else this.window.cutFrom(from, this.#forget)
  }

  readonly #forget = (slot: Slot): void => {
    this.bytes -= slot.length
    slot.segment.live -= 1
    this.#uncache(slot)
  }

  #uncache(slot: Slot): void {
    if (slot.bytes === undefined) return
    slot.bytes = undefined
    this.#cached -= slot.length
  }
}
