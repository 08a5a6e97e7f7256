import { canonical, decodeCanonical, MosaikError } from '@mosaik/core'
import type { HardState, PersistEffect } from '../logic/effects.ts'
import type { LogStore, LogWrite } from '../storage/types.ts'
import { encodeEntryData, lineageShape, memberShape } from '../wire/entry-codec.ts'
import { count, life, maybe, plain, record } from '../wire/shape.ts'
import type { Shape } from '../wire/shape.ts'

/** What a store keeps beside entries: the core's hard state and which life of the node it belongs to. */
export interface StoredState extends HardState {
  readonly incarnation: string
}

const shape: Shape<StoredState> = record<StoredState>({
  incarnation: life,
  lineage: maybe(lineageShape),
  term: count,
  vote: maybe(memberShape),
  commit: count,
})

/** Throws `ERR_STORAGE`: whoever wrote this was no group of this version. */
export function decodeStoredState(bytes: Uint8Array): StoredState {
  try {
    return shape(decodeCanonical(bytes), 'hard state')
  } catch (cause) {
    throw new MosaikError('ERR_STORAGE', 'the hard state in the store is not of this version; empty the store to start anew', { cause })
  }
}

export const encodeStoredState = (state: StoredState): Uint8Array => canonical(plain(state))

export interface LogWriterInit {
  readonly store: LogStore
  readonly incarnation: string
  /** Everything up to this write is as durable as the store is. */
  readonly onStored: (write: number) => void
  /** The store has failed; nothing more is written. Once. */
  readonly onFailed: (error: Error) => void
}

/** Hands the core's writes to the store, in order, without waiting for one before the next: the store joins those that wait. */
export class LogWriter {
  readonly #init: LogWriterInit
  #failed = false
  #saved: Promise<unknown> = Promise.resolve()

  constructor(init: LogWriterInit) {
    this.#init = init
  }

  persist({ write, truncateFrom, entries, hardState }: PersistEffect): void {
    const { store, incarnation, onStored } = this.#init
    const asked: LogWrite = {
      ...(truncateFrom !== undefined && { truncateFrom }),
      ...(entries.length > 0 && { entries: entries.map(({ index, term, data }) => ({ index, term, bytes: encodeEntryData(data) })) }),
      ...(hardState !== undefined && { hardState: encodeStoredState({ ...hardState, incarnation }) }),
    }
    this.watch(store.write(asked).then(() => onStored(write)))
  }

  /** A snapshot is being saved: entries go only once it is there in their place. */
  saving(work: Promise<unknown>): void {
    this.#saved = work
    this.watch(work)
  }

  prune(upTo: number): void {
    const { store } = this.#init
    const pruned = this.#saved.then(
      () => (upTo < store.first || upTo > (store.snapshot?.at.index ?? 0) ? undefined : store.prune(upTo)),
      () => undefined, // it has been told of, and the entries stay
    )
    this.watch(pruned)
  }

  /** Any other work of the store: its failure is the store's. */
  watch(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (this.#failed) return
      this.#failed = true
      this.#init.onFailed(
        error instanceof MosaikError ? error : new MosaikError('ERR_STORAGE', `the store failed: ${String(error)}`, { cause: error }),
      )
    })
  }
}
