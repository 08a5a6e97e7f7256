import type { CallOptions } from '@mosaik/raft'
import type { PriorityQueueChange } from './changes.ts'
import type { Collection, Write } from './collection.ts'

/** What can be ordered: numbers and bigints by value, text by its UTF-8 bytes. */
export type Priority = number | bigint | string

export type PriorityEntry<P, K, V> = readonly [priority: P, key: K, value: V]

/** From `from` up to but without `to`, unless told otherwise; what is left out has no bound. */
export interface PriorityRange<P> {
  from?: P
  to?: P
  fromExclusive?: boolean
  toInclusive?: boolean
}

/** Replicated entries, one for each key, ordered by priority. Iterates in ascending order. */
export interface PriorityQueueReader<P, K, V>
  extends Collection<readonly PriorityEntry<P, K, V>[], PriorityQueueChange<P, K, V>>, Iterable<PriorityEntry<P, K, V>> {
  readonly size: number
  /** Undefined: unbounded. */
  readonly capacity: number | undefined
  has(key: K): boolean
  get(key: K): V | undefined
  priorityOf(key: K): P | undefined
  min(): PriorityEntry<P, K, V> | undefined
  max(): PriorityEntry<P, K, V> | undefined
  minPriority(): P | undefined
  maxPriority(): P | undefined
  ascending(): Iterable<PriorityEntry<P, K, V>>
  descending(): Iterable<PriorityEntry<P, K, V>>
}

export interface PriorityQueueWriter<P, K, V> extends PriorityQueueReader<P, K, V> {
  /** Puts the key there, wherever it was. Above the capacity the lowest entry goes, which may be this one: answers it. */
  insert(priority: P, key: K, value: V, options?: CallOptions): Write<PriorityEntry<P, K, V> | undefined>
  /** One after the other, in one write. Answers how many were given. */
  extend(entries: Iterable<PriorityEntry<P, K, V>>, options?: CallOptions): Write<number>
  /** Answers whether the key is there. */
  updatePriority(key: K, priority: P, options?: CallOptions): Write<boolean>
  /** Answers whether the key is there. */
  updateValue(key: K, value: V, options?: CallOptions): Write<boolean>
  /** Puts `next`, or removes when it is undefined, if the key's value is `expected`. Answers whether it was. */
  compareExchangeValue(key: K, expected: V, next?: V, options?: CallOptions): Write<boolean>
  /** Answers what was removed. */
  remove(key: K, options?: CallOptions): Write<PriorityEntry<P, K, V> | undefined>
  /** Answers how many were there. */
  removeMany(keys: Iterable<K>, options?: CallOptions): Write<number>
  /** Answers how many it removed. */
  removeRange(range: PriorityRange<P>, options?: CallOptions): Write<number>
  popMin(options?: CallOptions): Write<PriorityEntry<P, K, V> | undefined>
  popMax(options?: CallOptions): Write<PriorityEntry<P, K, V> | undefined>
  /** Answers how many there were. */
  clear(options?: CallOptions): Write<number>
}
