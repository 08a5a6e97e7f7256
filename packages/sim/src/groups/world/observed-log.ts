import type { Cursor, Index, LogEntry, LogStore, LogWrite, NewSnapshot, Opened, OpenOptions, SnapshotMark, Term } from '@mosaik/raft'

/** Told of everything that is asked of a store, when it is asked and when it has been done. */
export interface LogWitness {
  /** It is open; `entries` are all that it holds. */
  opened(store: LogStore, entries: readonly LogEntry[]): void
  /** Answers what to call when it is durable. */
  writing(write: LogWrite): () => void
  saving(snapshot: NewSnapshot, also: LogWrite | undefined): () => void
  pruning(upTo: Index): () => void
}

/** A log store as it is, in full view of a witness. */
export class ObservedLog implements LogStore {
  readonly #inner: LogStore
  readonly #witness: LogWitness

  constructor(inner: LogStore, witness: LogWitness) {
    this.#inner = inner
    this.#witness = witness
  }

  get durable(): boolean {
    return this.#inner.durable
  }
  get first(): Index {
    return this.#inner.first
  }
  get last(): Cursor {
    return this.#inner.last
  }
  get bytes(): number {
    return this.#inner.bytes
  }
  get hardState(): Uint8Array | undefined {
    return this.#inner.hardState
  }
  get snapshot(): SnapshotMark | undefined {
    return this.#inner.snapshot
  }

  async open(options?: OpenOptions): Promise<Opened> {
    const opened = await this.#inner.open(options)
    this.#witness.opened(this.#inner, await this.#inner.entries(this.#inner.first, this.#inner.last.index))
    return opened
  }

  write(write: LogWrite): Promise<void> {
    const done = this.#witness.writing(write)
    return this.#inner.write(write).then(done)
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

  entries(from: Index, to: Index, maxBytes?: number): Promise<readonly LogEntry[]> {
    return this.#inner.entries(from, to, maxBytes)
  }
  termAt(index: Index): Promise<Term | undefined> {
    return this.#inner.termAt(index)
  }

  prune(upTo: Index): Promise<void> {
    const done = this.#witness.pruning(upTo)
    return this.#inner.prune(upTo).then(done)
  }

  async saveSnapshot(snapshot: NewSnapshot, also?: LogWrite): Promise<SnapshotMark> {
    const done = this.#witness.saving(snapshot, also)
    const mark = await this.#inner.saveSnapshot(snapshot, also)
    done()
    return mark
  }

  readSnapshot(from?: number): AsyncIterable<Uint8Array> {
    return this.#inner.readSnapshot(from)
  }
  close(): Promise<void> {
    return this.#inner.close()
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
