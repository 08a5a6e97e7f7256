export type {
  CellChange, Change, Lagged, MapChange, OnceChange, PriorityQueueChange, Reset, SetChange, VecChange,
} from './changes.ts' // prettier-ignore
export type { CellReader, CellWriter, OnceReader, OnceWriter } from './cell.ts'
export type {
  Collection, CollectionConditions, CollectionGroup, CollectionOptions, Committed, Version, Write,
} from './collection.ts' // prettier-ignore
export type { MapReader, MapWriter } from './map.ts'
export type { Priority, PriorityEntry, PriorityQueueReader, PriorityQueueWriter, PriorityRange } from './priority-queue.ts'
export type { SetLike, SetReader, SetWriter } from './set.ts'
export type { VecReader, VecWriter } from './vec.ts'
