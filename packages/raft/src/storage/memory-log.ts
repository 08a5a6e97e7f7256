import { check, MosaikError } from '@mosaik/core'
import type { Cursor, Index, Term } from '../logic/types.ts'
import { checkChunk, checkNewSnapshot } from './check-snapshot.ts'
import { checkPrune, checkRange, checkWrite, type Extent } from './check-write.ts'
import { whileOpen } from './chunks.ts'
import { LogWindow } from './log-window.ts'
import { notOpen, storageError } from './refusal.ts'
import type { LogEntry, LogStore, LogWrite, NewSnapshot, Opened, OpenOptions, SnapshotMark } from './types.ts'

const START: Cursor = { term: 0, index: 0 }

/**
 * A log that lives as long as it is open: `close` forgets everything. Nothing is copied, so bytes handed over must not
 * be changed afterwards.
 */
export function memoryLog(): LogStore {
  return new MemoryLog()
}

class MemoryLog implements LogStore {
  readonly durable = false
  bytes = 0
  hardState: Uint8Array | undefined
  #window = new LogWindow<LogEntry>()
  #boundary = START
  #snapshot: { readonly mark: SnapshotMark; readonly chunks: readonly Uint8Array[] } | undefined
  #open = false
  #closing = new AbortController()
  #saving = false

  async open(_options?: OpenOptions): Promise<Opened> {
    if (this.#open) throw storageError('this memory log is locked: it is open already')
    this.#open = true
    return { fresh: true, clean: true, cut: undefined }
  }

  get first(): Index {
    return this.#window.before + 1
  }

  get last(): Cursor {
    const { last } = this.#window
    return { term: this.#window.get(last)?.term ?? this.#boundary.term, index: last }
  }

  get snapshot(): SnapshotMark | undefined {
    return this.#snapshot?.mark
  }

  async write(write: LogWrite): Promise<void> {
    this.#needOpen()
    this.#apply(write, checkWrite(write, this.#extent))
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
    this.#needOpen()
    if (!checkRange(from, to, this.#extent)) return []
    const found: LogEntry[] = []
    let size = 0
    for (const entry of this.#window.range(from, to)) {
      size += entry.bytes.length
      if (size > maxBytes && found.length > 0) break
      found.push(entry)
    }
    return found
  }

  async termAt(index: Index): Promise<Term | undefined> {
    this.#needOpen()
    return index === this.#boundary.index ? this.#boundary.term : this.#window.get(index)?.term
  }

  async prune(upTo: Index): Promise<void> {
    this.#needOpen()
    if (!checkPrune(upTo, this.#extent)) return
    this.#boundary = { term: this.#window.get(upTo)?.term as Term, index: upTo }
    this.#window.dropThrough(upTo, this.#forget)
  }

  async saveSnapshot(snapshot: NewSnapshot, also: LogWrite = {}): Promise<SnapshotMark> {
    this.#needOpen()
    checkNewSnapshot(snapshot)
    if (this.#saving) throw new MosaikError('ERR_ALREADY_EXISTS', 'another snapshot is being saved')
    this.#saving = true
    try {
      const chunks: Uint8Array[] = []
      for await (const chunk of whileOpen(snapshot.chunks, this.#closing.signal)) chunks.push(checkChunk(chunk, chunks.length))
      this.#needOpen()
      const extent = checkWrite(also, this.#extent)
      const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
      const mark = { at: { ...snapshot.at }, meta: snapshot.meta ?? new Uint8Array(), chunks: chunks.length, bytes }
      this.#snapshot = { mark, chunks }
      this.#apply(also, extent)
      return mark
    } finally {
      this.#saving = false
    }
  }

  readSnapshot(from = 0): AsyncIterable<Uint8Array> {
    this.#needOpen()
    check.integer('from', from, { min: 0 })
    return chunksOf(this.#snapshot?.chunks ?? [], from)
  }

  async close(): Promise<void> {
    this.#open = false
    this.#closing.abort(notOpen('this memory log'))
    this.#closing = new AbortController()
    this.#window = new LogWindow()
    this.#boundary = START
    this.#snapshot = undefined
    this.hardState = undefined
    this.bytes = 0
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #extent(): Extent {
    return { before: this.#window.before, last: this.#window.last }
  }

  #apply({ reset, truncateFrom, entries = [], hardState }: LogWrite, { before }: Extent): void {
    if (reset !== undefined) {
      this.#boundary = { ...reset }
      this.#window.restart(before, this.#forget)
    }
    if (truncateFrom !== undefined) this.#window.cutFrom(truncateFrom, this.#forget)
    for (const entry of entries) {
      this.#window.push(entry)
      this.bytes += entry.bytes.length
    }
    if (hardState !== undefined) this.hardState = hardState
  }

  readonly #forget = (entry: LogEntry): void => {
    this.bytes -= entry.bytes.length
  }

  #needOpen(): void {
    if (!this.#open) throw notOpen('this memory log')
  }
}

async function* chunksOf(chunks: readonly Uint8Array[], from: number): AsyncGenerator<Uint8Array, void, undefined> {
  yield* chunks.slice(from)
}
