import type { Element } from '../logic/element.ts'
import { findKeyText, keyOfText } from '../logic/key.ts'
import { lazyArray } from '../logic/lazy-array.ts'
import { priorityText } from '../logic/order.ts'
import { createTree } from '../logic/tree.ts'
import type { Tree } from '../logic/tree.ts'
import type { Entry, PriorityQueueState } from './types.ts'

/** What both trees hold of an entry. Never changed: views share it. */
export interface Slot<P, V> {
  readonly priority: P
  /** Of the key. */
  readonly text: string
  /** Of the priority, with that of the key behind it. */
  readonly order: string
  readonly value: V
}

export function slotOf<P, V>(priority: P, text: string, value: V): Slot<P, V> {
  return { priority, text, order: priorityText(priority) + text, value }
}

/** The same slots twice: by their keys, and by their priorities with the keys behind. Of a view nobody changes either. */
export class TwoTrees<P, V> {
  readonly byKey: Tree<Slot<P, V>>
  readonly byOrder: Tree<Slot<P, V>>

  constructor(byKey: Tree<Slot<P, V>> = createTree(), byOrder: Tree<Slot<P, V>> = createTree()) {
    this.byKey = byKey
    this.byOrder = byOrder
  }

  clone(): TwoTrees<P, V> {
    return new TwoTrees(this.byKey.clone(), this.byOrder.clone())
  }

  put(slot: Slot<P, V>): void {
    const previous = this.byKey.get(slot.text)
    if (previous !== undefined && previous.order !== slot.order) this.byOrder.delete(previous.order)
    this.add(slot)
  }

  /** Of a key that is not there, or has the same priority. */
  add(slot: Slot<P, V>): void {
    this.byKey.set(slot.text, slot)
    this.byOrder.set(slot.order, slot)
  }

  take(text: string): Slot<P, V> | undefined {
    const slot = this.byKey.get(text)
    if (slot === undefined) return undefined
    this.byKey.delete(text)
    this.byOrder.delete(slot.order)
    return slot
  }

  lowest(): Slot<P, V> | undefined {
    return this.#at(this.byOrder.minKey())
  }

  highest(): Slot<P, V> | undefined {
    return this.#at(this.byOrder.maxKey())
  }

  #at(order: string | undefined): Slot<P, V> | undefined {
    return order === undefined ? undefined : this.byOrder.get(order)
  }
}

export class TreeQueue<P, K, V> implements PriorityQueueState<P, K, V> {
  trees: TwoTrees<P, V> = new TwoTrees()
  readonly capacity: number | undefined
  readonly #key: Element<K>

  constructor(key: Element<K>, capacity: number | undefined) {
    this.#key = key
    this.capacity = capacity
  }

  get size(): number {
    return this.trees.byKey.size
  }

  has(key: K): boolean {
    return this.#find(key) !== undefined
  }

  get(key: K): V | undefined {
    return this.#find(key)?.value
  }

  priorityOf(key: K): P | undefined {
    return this.#find(key)?.priority
  }

  min(): Entry<P, K, V> | undefined {
    return this.entry(this.trees.lowest())
  }

  max(): Entry<P, K, V> | undefined {
    return this.entry(this.trees.highest())
  }

  ascending(): Generator<Entry<P, K, V>, undefined> {
    return this.#entries(this.trees.byOrder.clone().values())
  }

  descending(): Generator<Entry<P, K, V>, undefined> {
    return this.#entries(valuesDown(this.trees.byOrder.clone()))
  }

  [Symbol.iterator](): Generator<Entry<P, K, V>, undefined> {
    return this.ascending()
  }

  snapshot(): readonly Entry<P, K, V>[] {
    const slots = this.trees.byOrder.clone()
    return lazyArray((array) => {
      for (const entry of this.#entries(slots.values())) array.push(entry)
    })
  }

  entry(slot: Slot<P, V>): Entry<P, K, V>
  entry(slot: Slot<P, V> | undefined): Entry<P, K, V> | undefined
  entry(slot: Slot<P, V> | undefined): Entry<P, K, V> | undefined {
    return slot && [slot.priority, this.#key.valueOf(keyOfText(slot.text)), slot.value]
  }

  #find(key: K): Slot<P, V> | undefined {
    const text = findKeyText(this.#key, key)
    return text === undefined ? undefined : this.trees.byKey.get(text)
  }

  *#entries(slots: Iterable<Slot<P, V>>): Generator<Entry<P, K, V>, undefined> {
    for (const slot of slots) yield this.entry(slot)
  }
}

function* valuesDown<V>(tree: Tree<V>): Generator<V, undefined> {
  for (const [, value] of tree.entriesReversed()) yield value
}
