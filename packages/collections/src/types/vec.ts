import type { CallOptions } from '@mosaik/raft'
import type { VecChange } from './changes.ts'
import type { Collection, Write } from './collection.ts'

/** A replicated list. Elements are equal by value. */
export interface VecReader<T> extends Collection<readonly T[], VecChange<T>>, Iterable<T> {
  /** Undefined for what is no index. */
  get(index: number): T | undefined
  /** As of arrays: -1 is the last. */
  at(index: number): T | undefined
  readonly length: number
  readonly isEmpty: boolean
  front(): T | undefined
  back(): T | undefined
  includes(value: T): boolean
  /** The first that is equal, or -1. */
  indexOf(value: T): number
  slice(from?: number, to?: number): T[]
}

/** An index that is none changes nothing, and the result says so. Inserting and removing in the middle moves what is behind: O(n). */
export interface VecWriter<T> extends VecReader<T> {
  /** Answers the new length. */
  pushBack(value: T, options?: CallOptions): Write<number>
  /** Answers the new length. */
  pushFront(value: T, options?: CallOptions): Write<number>
  /** Before what is there; at the length it appends. False past the end. */
  insert(index: number, value: T, options?: CallOptions): Write<boolean>
  /** Appends all of them at once. Answers the new length. */
  extend(values: Iterable<T>, options?: CallOptions): Write<number>
  popBack(options?: CallOptions): Write<T | undefined>
  popFront(options?: CallOptions): Write<T | undefined>
  /** Answers what was there. */
  remove(index: number, options?: CallOptions): Write<T | undefined>
  /** Replaces, and answers what was there. */
  set(index: number, value: T, options?: CallOptions): Write<T | undefined>
  swap(i: number, j: number, options?: CallOptions): Write<boolean>
  /** Keeps the first `length`. Answers how many it removed. */
  truncate(length: number, options?: CallOptions): Write<number>
  /** Answers how many there were. */
  clear(options?: CallOptions): Write<number>
}
