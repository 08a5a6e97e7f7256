import type { CallOptions } from '@mosaik/raft'
import type { PriorityQueueState } from '../machines/types.ts'
import type {
  PriorityEntry, PriorityQueueChange, PriorityQueueReader, PriorityQueueWriter, PriorityRange, Write,
} from '../types/index.ts' // prettier-ignore
import { CollectionHandle } from './collection.ts'

export class PriorityQueueReaderHandle<P, K, V>
  extends CollectionHandle<PriorityQueueState<P, K, V>, readonly PriorityEntry<P, K, V>[], PriorityQueueChange<P, K, V>>
  implements PriorityQueueReader<P, K, V>
{
  get size(): number {
    return this.state.size
  }
  get capacity(): number | undefined {
    return this.state.capacity
  }
  has(key: K): boolean {
    return this.state.has(key)
  }
  get(key: K): V | undefined {
    return this.state.get(key)
  }
  priorityOf(key: K): P | undefined {
    return this.state.priorityOf(key)
  }
  min(): PriorityEntry<P, K, V> | undefined {
    return this.state.min()
  }
  max(): PriorityEntry<P, K, V> | undefined {
    return this.state.max()
  }
  minPriority(): P | undefined {
    return this.state.min()?.[0]
  }
  maxPriority(): P | undefined {
    return this.state.max()?.[0]
  }
  ascending(): IterableIterator<PriorityEntry<P, K, V>> {
    return this.state.ascending()
  }
  descending(): IterableIterator<PriorityEntry<P, K, V>> {
    return this.state.descending()
  }
  [Symbol.iterator](): IterableIterator<PriorityEntry<P, K, V>> {
    return this.state.ascending()
  }
}

export class PriorityQueueWriterHandle<P, K, V> extends PriorityQueueReaderHandle<P, K, V> implements PriorityQueueWriter<P, K, V> {
  insert(priority: P, key: K, value: V, options?: CallOptions): Write<PriorityEntry<P, K, V> | undefined> {
    return this.send('insert', [priority, key, value], [priority, key, value], options)
  }
  extend(entries: Iterable<PriorityEntry<P, K, V>>, options?: CallOptions): Write<number> {
    return this.sendAll('extend', entries, () => 0, options)
  }
  updatePriority(key: K, priority: P, options?: CallOptions): Write<boolean> {
    return this.send('updatePriority', [key, priority], [key, priority], options)
  }
  updateValue(key: K, value: V, options?: CallOptions): Write<boolean> {
    return this.send('updateValue', [key, value], [key, value], options)
  }
  compareExchangeValue(key: K, expected: V, next?: V, options?: CallOptions): Write<boolean> {
    return this.send('compareExchangeValue', [key, expected, next], [key, expected, next], options)
  }
  remove(key: K, options?: CallOptions): Write<PriorityEntry<P, K, V> | undefined> {
    return this.send('remove', [key], key, options)
  }
  removeMany(keys: Iterable<K>, options?: CallOptions): Write<number> {
    return this.sendAll('removeMany', keys, () => 0, options)
  }
  removeRange(range: PriorityRange<P>, options?: CallOptions): Write<number> {
    return this.send('removeRange', [range], range, options)
  }
  popMin(options?: CallOptions): Write<PriorityEntry<P, K, V> | undefined> {
    return this.send('popMin', [], undefined, options)
  }
  popMax(options?: CallOptions): Write<PriorityEntry<P, K, V> | undefined> {
    return this.send('popMax', [], undefined, options)
  }
  clear(options?: CallOptions): Write<number> {
    return this.send('clear', [], undefined, options)
  }
}
