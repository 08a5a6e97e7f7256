import type { Datum, StoreId } from '@mosaik/core'
import type { ApplyContext, KeyedStateMachine } from '@mosaik/raft'
import type { ReportMisfit } from '../logic/element.ts'

/** One write as it travels, and as a `superseded` event of the group hands it back: the method and the arguments of the writer. */
export interface Command {
  readonly method: string
  readonly args: readonly unknown[]
}

/** `refused`: it is no command of this collection, whatever the schemas, so nothing has changed on any member. Says why. */
export type Outcome = { readonly result: unknown } | { readonly refused: string }

/** The outcome of a command; a result that is no object stands for itself: groups keep that as it is, and objects as bytes. */
export type Reply = Outcome | null | boolean | number | bigint | string | undefined

/** What a write did: its method, its arguments by name, and its result as the writer gets it. */
export interface AppliedWrite {
  readonly method: string
  readonly result: unknown
  readonly [argument: string]: unknown
}

/** Is told synchronously, once the state has changed. Must not throw. */
export interface MachineObserver {
  /**
   * Also of writes that change nothing, but not of refused ones. Several may have the same index: then they came as one batch. While it is
   * undefined, nothing is put together for it.
   */
  applied?: ((write: AppliedWrite, context: ApplyContext) => void) | undefined
  /**
   * A value has come that the schema of this member does not take. It is held as it came, as by everyone else. Told once for each value of
   * a write that was applied, and of each item of a state that is built aside.
   */
  readonly misfit?: ReportMisfit
  /** Another state begins to be built aside. */
  replacing?(): void
  /** Another state is there, as a whole. `dropped`: items that are none of this collection and were left out. */
  replaced(dropped: number): void
}

export type CollectionKind = 'map' | 'vec' | 'set' | 'cell' | 'once' | 'priority-queue'

/**
 * One replica. Its command codec throws `ERR_INVALID_DATUM` for arguments that do not fit, before anything is sent; what arrives and is
 * no command is replied to with `refused`. Nothing that arrives makes it throw, and no schema decides what is applied.
 */
export interface CollectionMachine<State> extends KeyedStateMachine<Command, unknown, unknown, Reply> {
  readonly kind: CollectionKind
  /** Reads of what has been applied here; always the same object. */
  readonly state: State
  /** Items, for a gauge. */
  readonly size: number
  /** At most one; undefined ends it. */
  observe(observer: MachineObserver | undefined): void
}

/** What every machine is made of. Part of the group's id, with the kind. */
export interface MachineOptions {
  readonly id: StoreId
  readonly version?: number | undefined
}

export interface MapTypes<K, V> {
  readonly key?: Datum<K> | undefined
  readonly value?: Datum<V> | undefined
}

export interface PriorityQueueTypes<P, K, V> extends MapTypes<K, V> {
  readonly priority?: Datum<P> | undefined
}

/**
 * Methods: `insert(key, value)`, `extend(entries)`, `remove(key)`, `removeMany(keys)`, `compareExchange(key, expected, next)`, `clear()`.
 * Iteration is in the order of the keys' bytes: text by UTF-8, numbers by value.
 */
export interface MapState<K, V> extends ReadonlyMap<K, V> {
  /** The state as it is now, for good. O(1). */
  snapshot(): ReadonlyMap<K, V>
}

/** Methods: `insert(value)`, `extend(values)`, `remove(value)`, `removeMany(values)`, `clear()`. */
export interface SetState<T> extends ReadonlySet<T> {
  snapshot(): ReadonlySet<T>
}

/**
 * Methods: `pushBack(value)`, `pushFront(value)`, `insert(index, value)`, `extend(values)`, `popBack()`, `popFront()`, `remove(index)`,
 * `set(index, value)`, `swap(i, j)`, `truncate(length)`, `clear()`.
 */
export interface VecState<T> extends Iterable<T> {
  readonly length: number
  readonly isEmpty: boolean
  /** Undefined for what is no index. */
  get(index: number): T | undefined
  /** As of arrays: -1 is the last. */
  at(index: number): T | undefined
  front(): T | undefined
  back(): T | undefined
  /** By value. */
  includes(value: T): boolean
  /** The first that is equal by value, or -1. */
  indexOf(value: T): number
  slice(from?: number, to?: number): T[]
  /** An array that cannot be changed. O(1); its first use copies the elements. */
  snapshot(): readonly T[]
}

/** Methods of a cell: `write(value)`, `compareExchange(expected, next)`, `clear()`; of a once: `write(value)`. */
export interface CellState<T> {
  readonly isEmpty: boolean
  get(): T | undefined
  snapshot(): T | undefined
}

export type Entry<P, K, V> = readonly [priority: P, key: K, value: V]

export interface PriorityRange<P> {
  readonly from?: P | undefined
  readonly to?: P | undefined
  readonly fromExclusive?: boolean | undefined
  readonly toInclusive?: boolean | undefined
}

/**
 * Methods: `insert(priority, key, value)`, `extend(entries)`, `updatePriority(key, priority)`, `updateValue(key, value)`,
 * `compareExchangeValue(key, expected, next)`, `remove(key)`, `removeMany(keys)`, `removeRange(range)`, `popMin()`, `popMax()`, `clear()`.
 * Entries of one priority are in the order of their keys.
 */
export interface PriorityQueueState<P, K, V> extends Iterable<Entry<P, K, V>> {
  readonly size: number
  readonly capacity: number | undefined
  has(key: K): boolean
  get(key: K): V | undefined
  priorityOf(key: K): P | undefined
  min(): Entry<P, K, V> | undefined
  max(): Entry<P, K, V> | undefined
  ascending(): IterableIterator<Entry<P, K, V>>
  descending(): IterableIterator<Entry<P, K, V>>
  /** Ascending. O(1); its first use copies the entries. */
  snapshot(): readonly Entry<P, K, V>[]
}
