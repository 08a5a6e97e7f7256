import type { CallOptions } from '@mosaik/raft'
import type { SetChange } from './changes.ts'
import type { Collection, Write } from './collection.ts'

/** What a set is compared with: read through `keys()`, compared by value. */
export interface SetLike<T> {
  readonly size: number
  has(value: T): boolean
  keys(): Iterator<T>
}

/** A replicated Set. Elements are equal by value, whatever their type, also in `union` and its siblings. */
export interface SetReader<T> extends Collection<ReadonlySet<T>, SetChange<T>>, ReadonlySet<T> {}

export interface SetWriter<T> extends SetReader<T> {
  /** Answers whether it is new. */
  insert(value: T, options?: CallOptions): Write<boolean>
  /** All of them at once. Answers how many are new. */
  extend(values: Iterable<T>, options?: CallOptions): Write<number>
  /** Answers whether it was there. */
  remove(value: T, options?: CallOptions): Write<boolean>
  /** Answers how many were there. */
  removeMany(values: Iterable<T>, options?: CallOptions): Write<number>
  /** Answers how many there were. */
  clear(options?: CallOptions): Write<number>
}
