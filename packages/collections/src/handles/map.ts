import type { CallOptions } from '@mosaik/raft'
import type { MapState } from '../machines/types.ts'
import type { MapChange, MapReader, MapWriter, Write } from '../types/index.ts'
import { CollectionHandle } from './collection.ts'

export class MapReaderHandle<K, V> extends CollectionHandle<MapState<K, V>, ReadonlyMap<K, V>, MapChange<K, V>> implements MapReader<K, V> {
  get size(): number {
    return this.state.size
  }
  get(key: K): V | undefined {
    return this.state.get(key)
  }
  has(key: K): boolean {
    return this.state.has(key)
  }
  keys(): MapIterator<K> {
    return this.state.keys()
  }
  values(): MapIterator<V> {
    return this.state.values()
  }
  entries(): MapIterator<[K, V]> {
    return this.state.entries()
  }
  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.state.entries()
  }
  forEach(each: (value: V, key: K, map: ReadonlyMap<K, V>) => void, thisArg?: unknown): void {
    for (const [key, value] of this.state.entries()) each.call(thisArg, value, key, this)
  }
}

export class MapWriterHandle<K, V> extends MapReaderHandle<K, V> implements MapWriter<K, V> {
  insert(key: K, value: V, options?: CallOptions): Write<V | undefined> {
    return this.send('insert', [key, value], [key, value], options)
  }
  extend(entries: Iterable<readonly [K, V]>, options?: CallOptions): Write<number> {
    return this.sendAll('extend', entries, () => 0, options)
  }
  remove(key: K, options?: CallOptions): Write<V | undefined> {
    return this.send('remove', [key], key, options)
  }
  removeMany(keys: Iterable<K>, options?: CallOptions): Write<number> {
    return this.sendAll('removeMany', keys, () => 0, options)
  }
  compareExchange(key: K, expected?: V, next?: V, options?: CallOptions): Write<boolean> {
    return this.send('compareExchange', [key, expected, next], [key, expected, next], options)
  }
  clear(options?: CallOptions): Write<number> {
    return this.send('clear', [], undefined, options)
  }
}
