import type { Version } from './collection.ts'
import type { PriorityEntry, PriorityRange } from './priority-queue.ts'

/** Another state is here as a whole: read it. After catching up by snapshot, and when this member's history has lost. */
export type Reset = { readonly type: 'reset'; readonly version: Version }

/** The reader was too slow for this many changes. */
export type Lagged = { readonly type: 'lagged'; readonly missed: number }

/** Any collection's change. Every `write` has the `method` of the writer, its arguments by name, and its `result`; also when nothing changed. */
export type Change = { readonly type: 'write'; readonly version: Version; readonly [detail: string]: unknown } | Reset | Lagged

type Wrote<Method extends string, Detail, Result> = {
  readonly type: 'write'
  readonly version: Version
  readonly method: Method
  readonly result: Result
} & { readonly [Name in keyof Detail]: Detail[Name] }

export type MapChange<K, V> =
  | Wrote<'insert', { key: K; value: V }, V | undefined>
  | Wrote<'extend', { entries: readonly (readonly [K, V])[] }, number>
  | Wrote<'remove', { key: K }, V | undefined>
  | Wrote<'removeMany', { keys: readonly K[] }, number>
  | Wrote<'compareExchange', { key: K; expected: V | undefined; next: V | undefined }, boolean>
  | Wrote<'clear', unknown, number>
  | Reset
  | Lagged

export type VecChange<T> =
  | Wrote<'pushBack' | 'pushFront', { value: T }, number>
  | Wrote<'insert', { index: number; value: T }, boolean>
  | Wrote<'extend', { values: readonly T[] }, number>
  | Wrote<'popBack' | 'popFront', unknown, T | undefined>
  | Wrote<'remove', { index: number }, T | undefined>
  | Wrote<'set', { index: number; value: T }, T | undefined>
  | Wrote<'swap', { i: number; j: number }, boolean>
  | Wrote<'truncate', { length: number }, number>
  | Wrote<'clear', unknown, number>
  | Reset
  | Lagged

export type SetChange<T> =
  | Wrote<'insert' | 'remove', { value: T }, boolean>
  | Wrote<'extend' | 'removeMany', { values: readonly T[] }, number>
  | Wrote<'clear', unknown, number>
  | Reset
  | Lagged

export type CellChange<T> =
  | Wrote<'write', { value: T }, T | undefined>
  | Wrote<'compareExchange', { expected: T | undefined; next: T | undefined }, boolean>
  | Wrote<'clear', unknown, T | undefined>
  | Reset
  | Lagged

export type OnceChange<T> = Wrote<'write', { value: T }, boolean> | Reset | Lagged

export type PriorityQueueChange<P, K, V> =
  | Wrote<'insert', { priority: P; key: K; value: V }, PriorityEntry<P, K, V> | undefined>
  | Wrote<'extend', { entries: readonly PriorityEntry<P, K, V>[] }, number>
  | Wrote<'updatePriority', { key: K; priority: P }, boolean>
  | Wrote<'updateValue', { key: K; value: V }, boolean>
  | Wrote<'compareExchangeValue', { key: K; expected: V; next: V | undefined }, boolean>
  | Wrote<'remove', { key: K }, PriorityEntry<P, K, V> | undefined>
  | Wrote<'removeMany', { keys: readonly K[] }, number>
  | Wrote<'removeRange', { range: PriorityRange<P> }, number>
  | Wrote<'popMin' | 'popMax', unknown, PriorityEntry<P, K, V> | undefined>
  | Wrote<'clear', unknown, number>
  | Reset
  | Lagged
