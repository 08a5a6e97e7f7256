import type { CallOptions } from '@mosaik/raft'
import type { SetState } from '../machines/types.ts'
import type { SetChange, SetReader, SetWriter, Write } from '../types/index.ts'
import { CollectionHandle } from './collection.ts'

export class SetReaderHandle<T> extends CollectionHandle<SetState<T>, ReadonlySet<T>, SetChange<T>> implements SetReader<T> {
  get size(): number {
    return this.state.size
  }
  has(value: T): boolean {
    return this.state.has(value)
  }
  keys(): SetIterator<T> {
    return this.state.keys()
  }
  values(): SetIterator<T> {
    return this.state.values()
  }
  entries(): SetIterator<[T, T]> {
    return this.state.entries()
  }
  [Symbol.iterator](): SetIterator<T> {
    return this.state.values()
  }
  forEach(each: (value: T, value2: T, set: ReadonlySet<T>) => void, thisArg?: unknown): void {
    for (const value of this.state.values()) each.call(thisArg, value, value, this)
  }
  union<U>(other: ReadonlySetLike<U>): Set<T | U> {
    return this.state.union(other)
  }
  intersection<U>(other: ReadonlySetLike<U>): Set<T & U> {
    return this.state.intersection(other)
  }
  difference<U>(other: ReadonlySetLike<U>): Set<T> {
    return this.state.difference(other)
  }
  symmetricDifference<U>(other: ReadonlySetLike<U>): Set<T | U> {
    return this.state.symmetricDifference(other)
  }
  isSubsetOf(other: ReadonlySetLike<unknown>): boolean {
    return this.state.isSubsetOf(other)
  }
  isSupersetOf(other: ReadonlySetLike<unknown>): boolean {
    return this.state.isSupersetOf(other)
  }
  isDisjointFrom(other: ReadonlySetLike<unknown>): boolean {
    return this.state.isDisjointFrom(other)
  }
}

export class SetWriterHandle<T> extends SetReaderHandle<T> implements SetWriter<T> {
  insert(value: T, options?: CallOptions): Write<boolean> {
    return this.send('insert', [value], value, options)
  }
  extend(values: Iterable<T>, options?: CallOptions): Write<number> {
    return this.sendAll('extend', values, () => 0, options)
  }
  remove(value: T, options?: CallOptions): Write<boolean> {
    return this.send('remove', [value], value, options)
  }
  removeMany(values: Iterable<T>, options?: CallOptions): Write<number> {
    return this.sendAll('removeMany', values, () => 0, options)
  }
  clear(options?: CallOptions): Write<number> {
    return this.send('clear', [], undefined, options)
  }
}
