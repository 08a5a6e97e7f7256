import type { WaitOptions } from '@mosaik/core'
import type { CallOptions } from '@mosaik/raft'
import type { CellState } from '../machines/types.ts'
import type { CellChange, CellReader, CellWriter, Change, OnceChange, OnceReader, OnceWriter, Write } from '../types/index.ts'
import { CollectionHandle } from './collection.ts'

class ValueHandle<T, C extends Change> extends CollectionHandle<CellState<T>, T | undefined, C> {
  get isEmpty(): boolean {
    return this.state.isEmpty
  }
  get(): T | undefined {
    return this.state.get()
  }
  read(): T | undefined {
    return this.state.get()
  }
}

export class CellReaderHandle<T> extends ValueHandle<T, CellChange<T>> implements CellReader<T> {}

export class CellWriterHandle<T> extends CellReaderHandle<T> implements CellWriter<T> {
  write(value: T, options?: CallOptions): Write<T | undefined> {
    return this.send('write', [value], value, options)
  }
  set(value: T, options?: CallOptions): Write<T | undefined> {
    return this.write(value, options)
  }
  compareExchange(expected?: T, next?: T, options?: CallOptions): Write<boolean> {
    return this.send('compareExchange', [expected, next], [expected, next], options)
  }
  clear(options?: CallOptions): Write<T | undefined> {
    return this.send('clear', [], undefined, options)
  }
}

export class OnceReaderHandle<T> extends ValueHandle<T, OnceChange<T>> implements OnceReader<T> {
  async value(options?: WaitOptions): Promise<T> {
    await this.until(() => !this.isEmpty, options)
    return this.get() as T
  }
}

export class OnceWriterHandle<T> extends OnceReaderHandle<T> implements OnceWriter<T> {
  write(value: T, options?: CallOptions): Write<boolean> {
    return this.send('write', [value], value, options)
  }
  set(value: T, options?: CallOptions): Write<boolean> {
    return this.write(value, options)
  }
}
