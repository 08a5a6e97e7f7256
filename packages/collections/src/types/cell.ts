import type { WaitOptions } from '@mosaik/core'
import type { CallOptions } from '@mosaik/raft'
import type { CellChange, OnceChange } from './changes.ts'
import type { Collection, Write } from './collection.ts'

/** One replicated value, or none. */
export interface CellReader<T> extends Collection<T | undefined, CellChange<T>> {
  get(): T | undefined
  /** The same as `get`. */
  read(): T | undefined
  readonly isEmpty: boolean
}

export interface CellWriter<T> extends CellReader<T> {
  /** Answers the value that it replaces. */
  write(value: T, options?: CallOptions): Write<T | undefined>
  /** The same as `write`. */
  set(value: T, options?: CallOptions): Write<T | undefined>
  /** Puts `next`, or clears when it is undefined, if the value is `expected` (undefined: if there is none). Answers whether it was. */
  compareExchange(expected?: T, next?: T, options?: CallOptions): Write<boolean>
  /** Answers the value that was there. */
  clear(options?: CallOptions): Write<T | undefined>
}

/** One replicated value that never changes once it is there. */
export interface OnceReader<T> extends Collection<T | undefined, OnceChange<T>> {
  get(): T | undefined
  /** The same as `get`. */
  read(): T | undefined
  readonly isEmpty: boolean
  /** Waits until there is one. */
  value(options?: WaitOptions): Promise<T>
}

export interface OnceWriter<T> extends OnceReader<T> {
  /** The first one holds, the others change nothing. Answers whether it was this one. */
  write(value: T, options?: CallOptions): Write<boolean>
  /** The same as `write`. */
  set(value: T, options?: CallOptions): Write<boolean>
}
