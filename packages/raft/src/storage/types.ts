import type { Cursor, Index, Term } from '../logic/types.ts'

/** One entry of a group's log as a store sees it. */
export interface LogEntry {
  /** Counts from 1 without gaps. */
  readonly index: Index
  readonly term: Term
  /** Encoded where it was born; never changed by a store. */
  readonly bytes: Uint8Array
}

/** What is written together: after a crash all of it is there or none. The parts take effect in this order. */
export interface LogWrite {
  /** Drops the whole log; the next entry comes right after this position. For a log that is replaced by a snapshot. */
  readonly reset?: Cursor
  /** Drops this entry and all after it. */
  readonly truncateFrom?: Index
  /** Come right after the last entry, without gaps. */
  readonly entries?: readonly LogEntry[]
  /** Replaces the hard state: term, vote, incarnation, lineage, commit position, as bytes of the caller. */
  readonly hardState?: Uint8Array
}

/** A snapshot to save. */
export interface NewSnapshot {
  /** The last entry that it includes. */
  readonly at: Cursor
  /** What belongs to it besides the state (lineage, configuration …), as bytes of the caller, up to 1 MiB. Default: none. */
  readonly meta?: Uint8Array
  /** The state, cut as it will be read back. Each up to 16 MiB. */
  readonly chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

/** The snapshot that a store holds. */
export interface SnapshotMark {
  readonly at: Cursor
  readonly meta: Uint8Array
  /** How many chunks it has. */
  readonly chunks: number
  /** Of all chunks together. */
  readonly bytes: number
}

export interface OpenOptions {
  /** Whose store this is, up to 1 KiB of text; bound to the store when it has no owner yet. Default: not checked. */
  readonly owner?: string
}

/** What was found when a store was opened. */
export interface Opened {
  /** Nothing had ever been written. */
  readonly fresh: boolean
  /** It was closed in an orderly way, or it is fresh. */
  readonly clean: boolean
  /**
   * What was cut from the end of the log because it looks as a crash leaves what it interrupts: bytes missing at the end of a sector,
   * of the last write or of the file. That had not been acknowledged, unless the disk itself has lost the end of the last write.
   */
  readonly cut: CutTail | undefined
}

export interface CutTail {
  readonly file: string
  /** Where the unreadable bytes began. */
  readonly offset: number
  readonly bytes: number
}

/**
 * Where a group keeps its log, its hard state and its snapshot. `memoryLog` and `fileLog` are two; `logStoreSuite` of
 * `@mosaik/raft/testing` says whether something else is one.
 *
 * Writes take effect in the order of the calls and are durable, as far as the store is, when they resolve; what the
 * properties and reads show has been written that far. Several writes may be under way: those that wait share the next
 * turn of the disk. A call that was refused for what it asked changes nothing.
 *
 * Codes: `ERR_INVALID_OPTION` (a gap, a position that is not there), `ERR_PRUNED` (below `first`), `ERR_TOO_LARGE`,
 * `ERR_CLOSED` (not open), `ERR_STORAGE` (locked, of another owner, corrupt, full, a disk that fails). After `ERR_STORAGE` from
 * a write the store refuses further writes; what had been acknowledged can be read on.
 */
export interface LogStore extends AsyncDisposable {
  /**
   * True when it outlives the process: an acknowledged write is there after a crash and another `open`. Where it is false, a group
   * saves snapshots without chunks: nobody would ever read them.
   */
  readonly durable: boolean
  /** Must come first, and again after `close`. Rejects with `ERR_STORAGE` when it is open already, here or elsewhere. */
  open(options?: OpenOptions): Promise<Opened>
  /** The oldest entry; `last.index + 1` when there is none. 1 for a fresh store. */
  readonly first: Index
  /** The newest entry, or the position up to which all was pruned; { term: 0, index: 0 } for a fresh store. */
  readonly last: Cursor
  /** Of the entries together. */
  readonly bytes: number
  readonly hardState: Uint8Array | undefined
  readonly snapshot: SnapshotMark | undefined
  write(write: LogWrite): Promise<void>
  /** `write({ entries })`. */
  append(entries: readonly LogEntry[]): Promise<void>
  /** `write({ truncateFrom })`. Nothing happens when `from` comes after the last entry; below `first` it is refused with `ERR_PRUNED`. */
  truncate(from: Index): Promise<void>
  /** `write({ hardState })`. */
  setHardState(bytes: Uint8Array): Promise<void>
  /**
   * The entries `from` to `to`, both included; none when `to` is below `from`. With `maxBytes` it stops before the entry
   * that would exceed it, but not before the first one. The bytes must not be changed.
   */
  entries(from: Index, to: Index, maxBytes?: number): Promise<readonly LogEntry[]>
  /** Of an entry, and of the position right before `first` (0 has term 0); undefined elsewhere. */
  termAt(index: Index): Promise<Term | undefined>
  /** Drops the entries up to and including `upTo`, which must not be beyond the last. Nothing happens when they are gone already. */
  prune(upTo: Index): Promise<void>
  /**
   * Saves a snapshot in place of the one before, together with `also`: after a crash both are there or neither. One at a
   * time: a second call meanwhile rejects with `ERR_ALREADY_EXISTS`. When `chunks` fails it rejects with that error and
   * nothing has changed. The log is left alone: `prune` it, or `reset` it in `also`.
   */
  saveSnapshot(snapshot: NewSnapshot, also?: LogWrite): Promise<SnapshotMark>
  /** The chunks of the snapshot held when it was called, verified, beginning with number `from` (default 0). */
  readSnapshot(from?: number): AsyncIterable<Uint8Array>
  /** Waits for the writes under way. Idempotent. */
  close(): Promise<void>
}
