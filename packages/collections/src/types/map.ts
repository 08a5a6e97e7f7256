import type { CallOptions } from '@mosaik/raft'
import type { MapChange } from './changes.ts'
import type { Collection, Write } from './collection.ts'

/** A replicated Map. Keys are equal by value, whatever their type. Iteration is over one state, whatever is written meanwhile. */
export interface MapReader<K, V> extends Collection<ReadonlyMap<K, V>, MapChange<K, V>>, ReadonlyMap<K, V> {}

/** Each write resolves once it has been applied here. `undefined` is no value (`ERR_INVALID_DATUM`). */
export interface MapWriter<K, V> extends MapReader<K, V> {
  /** Answers the value that it replaces. */
  insert(key: K, value: V, options?: CallOptions): Write<V | undefined>
  /** All of them at once; of equal keys the last. Answers how many were given. */
  extend(entries: Iterable<readonly [K, V]>, options?: CallOptions): Write<number>
  /** Answers the removed value. */
  remove(key: K, options?: CallOptions): Write<V | undefined>
  /** Answers how many were there. */
  removeMany(keys: Iterable<K>, options?: CallOptions): Write<number>
  /** Puts `next`, or removes when it is undefined, if the value is `expected` (undefined: if there is none). Answers whether it was. */
  compareExchange(key: K, expected?: V, next?: V, options?: CallOptions): Write<boolean>
  /** Answers how many there were. */
  clear(options?: CallOptions): Write<number>
}
