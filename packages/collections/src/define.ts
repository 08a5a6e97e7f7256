import type { Datum } from '@mosaik/core'
import { define } from './definition.ts'
import type { Definition } from './definition.ts'
import { CellReaderHandle, CellWriterHandle, OnceReaderHandle, OnceWriterHandle } from './handles/cell.ts'
import { MapReaderHandle, MapWriterHandle } from './handles/map.ts'
import { PriorityQueueReaderHandle, PriorityQueueWriterHandle } from './handles/priority-queue.ts'
import { SetReaderHandle, SetWriterHandle } from './handles/set.ts'
import { VecReaderHandle, VecWriterHandle } from './handles/vec.ts'
import { cellMachine, mapMachine, onceMachine, priorityQueueMachine, setMachine, vecMachine } from './machines/index.ts'
import type {
  CellReader, CellWriter, CollectionOptions, MapReader, MapWriter, OnceReader, OnceWriter, Priority, PriorityQueueReader,
  PriorityQueueWriter, SetReader, SetWriter, VecReader, VecWriter,
} from './types/index.ts' // prettier-ignore

/**
 * Names a replicated Map and gives its types, in one place for all programs that use it. The same name is the same Map everywhere. Types
 * are Standard Schemas (zod, valibot, arktype …) or codecs of one's own: what does not fit is refused before anything is sent, and what
 * others have sent is held as it came, with a warning. Without types anything that can be encoded is taken. All `define…` functions throw `ERR_INVALID_OPTION`.
 */
export function defineMap<K, V>(
  name: string,
  types?: { key?: Datum<K>; value?: Datum<V> },
  options?: CollectionOptions,
): Definition<MapReader<K, V>, MapWriter<K, V>> {
  return define(name, options, {
    types: [types?.key, types?.value],
    machine: (machine) => mapMachine<K, V>(machine, types),
    reader: (place): MapReader<K, V> => new MapReaderHandle(place),
    writer: (place): MapWriter<K, V> => new MapWriterHandle(place),
  })
}

/** Names a replicated list. */
export function defineVec<T>(name: string, type?: Datum<T>, options?: CollectionOptions): Definition<VecReader<T>, VecWriter<T>> {
  return define(name, options, {
    types: [type],
    machine: (machine) => vecMachine<T>(machine, type),
    reader: (place): VecReader<T> => new VecReaderHandle(place),
    writer: (place): VecWriter<T> => new VecWriterHandle(place),
  })
}

/** Names a replicated Set. */
export function defineSet<T>(name: string, type?: Datum<T>, options?: CollectionOptions): Definition<SetReader<T>, SetWriter<T>> {
  return define(name, options, {
    types: [type],
    machine: (machine) => setMachine<T>(machine, type),
    reader: (place): SetReader<T> => new SetReaderHandle(place),
    writer: (place): SetWriter<T> => new SetWriterHandle(place),
  })
}

/** Names one replicated value. */
export function defineCell<T>(name: string, type?: Datum<T>, options?: CollectionOptions): Definition<CellReader<T>, CellWriter<T>> {
  return define(name, options, {
    types: [type],
    machine: (machine) => cellMachine<T>(machine, type),
    reader: (place): CellReader<T> => new CellReaderHandle(place),
    writer: (place): CellWriter<T> => new CellWriterHandle(place),
  })
}

/** Another name for `defineCell`. */
export const defineRegister: typeof defineCell = defineCell

/** Names one replicated value of which the first holds for ever. */
export function defineOnce<T>(name: string, type?: Datum<T>, options?: CollectionOptions): Definition<OnceReader<T>, OnceWriter<T>> {
  return define(name, options, {
    types: [type],
    machine: (machine) => onceMachine<T>(machine, type),
    reader: (place): OnceReader<T> => new OnceReaderHandle(place),
    writer: (place): OnceWriter<T> => new OnceWriterHandle(place),
  })
}

/** Names replicated entries ordered by priority. Above `capacity` (from 1; default: unbounded; part of the group's id) the lowest go. */
export function definePriorityQueue<P extends Priority, K, V>(
  name: string,
  types?: { priority?: Datum<P>; key?: Datum<K>; value?: Datum<V> },
  options?: CollectionOptions & { capacity?: number },
): Definition<PriorityQueueReader<P, K, V>, PriorityQueueWriter<P, K, V>> {
  return define(name, options, {
    types: [types?.priority, types?.key, types?.value],
    machine: (machine) => priorityQueueMachine<P, K, V>({ ...machine, capacity: options?.capacity }, types),
    reader: (place): PriorityQueueReader<P, K, V> => new PriorityQueueReaderHandle(place),
    writer: (place): PriorityQueueWriter<P, K, V> => new PriorityQueueWriterHandle(place),
  })
}
