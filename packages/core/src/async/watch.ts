import { MosaikError } from '../check/error.ts'
import { abortable } from './abortable.ts'

export interface WaitOptions {
  readonly signal?: AbortSignal
}

/** A value that changes. Readers see the latest one; values in between may be skipped. */
export interface Watch<T> extends AsyncIterable<T> {
  readonly value: T
  /** The next value that is set after this call. Rejects with `ERR_CLOSED` when the owner closes. */
  changed(options?: WaitOptions): Promise<T>
  /** The first value, beginning with the current one, that satisfies `predicate`. */
  until(predicate: (value: T) => boolean, options?: WaitOptions): Promise<T>
}

/** The owner's end of a watch. */
export interface WatchSource<T> extends Watch<T> {
  /** Sets the value and wakes everyone, unless `Object.is` says that nothing changed. */
  set(value: T): void
  /** Calls `listener` synchronously after every change. Returns what removes it. A listener must not throw. */
  listen(listener: (value: T) => void): () => void
  /** Ends iterations and rejects waits with `reason` (default `ERR_CLOSED`). The last value stays readable. */
  close(reason?: Error): void
}
