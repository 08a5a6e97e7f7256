import type { CallOptions } from '@mosaik/raft'
import type { VecState } from '../machines/types.ts'
import type { VecChange, VecReader, VecWriter, Write } from '../types/index.ts'
import { CollectionHandle } from './collection.ts'

export class VecReaderHandle<T> extends CollectionHandle<VecState<T>, readonly T[], VecChange<T>> implements VecReader<T> {
  get length(): number {
    return this.state.length
  }
  get isEmpty(): boolean {
    return this.state.isEmpty
  }
  get(index: number): T | undefined {
    return this.state.get(index)
  }
  at(index: number): T | undefined {
    return this.state.at(index)
  }
  front(): T | undefined {
    return this.state.front()
  }
  back(): T | undefined {
    return this.state.back()
  }
  includes(value: T): boolean {
    return this.state.includes(value)
  }
  indexOf(value: T): number {
    return this.state.indexOf(value)
  }
  slice(from?: number, to?: number): T[] {
    return this.state.slice(from, to)
  }
  [Symbol.iterator](): Iterator<T> {
    return this.state[Symbol.iterator]()
  }
}

export class VecWriterHandle<T> extends VecReaderHandle<T> implements VecWriter<T> {
  pushBack(value: T, options?: CallOptions): Write<number> {
    return this.send('pushBack', [value], value, options)
  }
  pushFront(value: T, options?: CallOptions): Write<number> {
    return this.send('pushFront', [value], value, options)
  }
  insert(index: number, value: T, options?: CallOptions): Write<boolean> {
    return this.send('insert', [index, value], [index, value], options)
  }
  extend(values: Iterable<T>, options?: CallOptions): Write<number> {
    return this.sendAll('extend', values, () => this.length, options)
  }
  popBack(options?: CallOptions): Write<T | undefined> {
    return this.send('popBack', [], undefined, options)
  }
  popFront(options?: CallOptions): Write<T | undefined> {
    return this.send('popFront', [], undefined, options)
  }
  remove(index: number, options?: CallOptions): Write<T | undefined> {
    return this.send('remove', [index], index, options)
  }
  set(index: number, value: T, options?: CallOptions): Write<T | undefined> {
    return this.send('set', [index, value], [index, value], options)
  }
  swap(i: number, j: number, options?: CallOptions): Write<boolean> {
    return this.send('swap', [i, j], [i, j], options)
  }
  truncate(length: number, options?: CallOptions): Write<number> {
    return this.send('truncate', [length], length, options)
  }
  clear(options?: CallOptions): Write<number> {
    return this.send('clear', [], undefined, options)
  }
}
