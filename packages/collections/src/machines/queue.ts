import { canonical, check, decodeCanonical } from '@mosaik/core'
import type { CanonicalValue } from '@mosaik/core'
import { list, many, one, optional, tuples } from '../logic/argument.ts'
import type { Argument } from '../logic/argument.ts'
import { elementOf, keyElementOf, priorityElementOf, receiveElement, sameElement } from '../logic/element.ts'
import type { Element, ReportMisfit } from '../logic/element.ts'
import { keyOfText, keyText } from '../logic/key.ts'
import { afterPriority, priorityText } from '../logic/order.ts'
import { treeReceiver, treeSource } from '../logic/tree.ts'
import { createMachine, method } from './machine.ts'
import type { Method } from './machine.ts'
import { slotOf, TreeQueue, TwoTrees } from './queue-state.ts'
import type { Slot } from './queue-state.ts'
import type { CollectionMachine, Entry, MachineOptions, PriorityQueueState, PriorityQueueTypes, PriorityRange } from './types.ts'

interface Elements<P, K, V> {
  readonly priority: Element<P>
  readonly key: Element<K>
  readonly value: Element<V>
}

/** `capacity` (default: any number) is part of the group's id. Throws `ERR_INVALID_OPTION` for it, and for types that are none. */
export function priorityQueueMachine<P, K, V>(
  options: MachineOptions & { readonly capacity?: number | undefined },
  types: PriorityQueueTypes<P, K, V> = {},
): CollectionMachine<PriorityQueueState<P, K, V>> {
  const capacity = check.integer('capacity', options.capacity, { min: 1, default: undefined })
  const elements = { priority: priorityElementOf(types.priority), key: keyElementOf(types.key), value: elementOf(types.value) }
  const state = new TreeQueue<P, K, V>(elements.key, capacity)
  return createMachine<PriorityQueueState<P, K, V>>(options, {
    kind: 'priority-queue',
    variant: capacity?.toString(),
    state,
    methods: { ...addMethods(state, elements), ...updateMethods(state, elements), ...removeMethods(state, elements) },
    result: entryElement(elements),
    size: () => state.size,
    source: () => treeSource(state.trees.byKey, (slot) => encodeSlot(slot, elements)),
    receiver: (replaced, misfit) => {
      const aside = new TwoTrees<P, V>()
      return treeReceiver<Slot<P, V>>(
        (_, text, bytes) => aside.add(decodeSlot(text, bytes, elements, misfit)),
        (_, dropped) => {
          state.trees = aside
          replaced(dropped)
        },
      )
    },
  })
}

function addMethods<P, K, V>(state: TreeQueue<P, K, V>, { priority, key, value }: Elements<P, K, V>): Record<string, Method> {
  const { capacity = Number.POSITIVE_INFINITY } = state
  const add = (added: Slot<P, V>): Slot<P, V> | undefined => {
    state.trees.put(added)
    const lowest = state.size > capacity ? state.trees.lowest() : undefined
    return lowest && state.trees.take(lowest.text)
  }
  const slot = ([p, k, v]: Entry<P, K, V>): Slot<P, V> => slotOf(p, keyText(key.dataOf(k)), v)
  return {
    insert: method([one('priority', priority), one('key', key), one('value', value)], (p, k, v) => state.entry(add(slot([p, k, v])))),
    extend: method([tuples<[P, K, V]>('entries', priority, key, value)], (entries) => {
      for (const each of entries.map(slot)) add(each)
      return entries.length
    }),
  }
}

function updateMethods<P, K, V>(state: TreeQueue<P, K, V>, { priority, key, value }: Elements<P, K, V>): Record<string, Method> {
  const find = (k: K): Slot<P, V> | undefined => state.trees.byKey.get(keyText(key.dataOf(k)))
  /** Answers whether there is one. */
  const update = (k: K, changed: (slot: Slot<P, V>) => Slot<P, V>): boolean => {
    const slot = find(k)
    if (slot !== undefined) state.trees.put(changed(slot))
    return slot !== undefined
  }
  return {
    updatePriority: method([one('key', key), one('priority', priority)], (k, p) => update(k, (slot) => slotOf(p, slot.text, slot.value))),
    updateValue: method([one('key', key), one('value', value)], (k, v) => update(k, (slot) => slotOf(slot.priority, slot.text, v))),
    compareExchangeValue: method([one('key', key), one('expected', value), optional('next', value)], (k, expected, next) => {
      const slot = find(k)
      if (slot === undefined || !sameElement(value, slot.value, expected)) return false
      if (next === undefined) state.trees.take(slot.text)
      else state.trees.put(slotOf(slot.priority, slot.text, next))
      return true
    }),
  }
}

function removeMethods<P, K, V>(state: TreeQueue<P, K, V>, { priority, key }: Elements<P, K, V>): Record<string, Method> {
  const text = (k: K): string => keyText(key.dataOf(k))
  const pop = (slot: Slot<P, V> | undefined): Entry<P, K, V> | undefined => state.entry(slot && state.trees.take(slot.text))
  return {
    remove: method([one('key', key)], (k) => state.entry(state.trees.take(text(k)))),
    removeMany: method([many('keys', key)], (keys) => {
      let removed = 0
      for (const at of keys.map(text)) if (state.trees.take(at) !== undefined) removed++
      return removed
    }),
    removeRange: method([range(priority)], ({ from, to, fromExclusive = false, toInclusive = false }) => {
      const low = from === undefined ? '' : fromExclusive ? afterPriority(from) : priorityText(from)
      const high = to === undefined ? undefined : toInclusive ? afterPriority(to) : priorityText(to)
      const found: Slot<P, V>[] = []
      for (const [order, slot] of state.trees.byOrder.entries(low)) {
        if (high !== undefined && order >= high) break
        found.push(slot)
      }
      for (const slot of found) state.trees.take(slot.text)
      return found.length
    }),
    popMin: method([], () => pop(state.trees.lowest())),
    popMax: method([], () => pop(state.trees.highest())),
    clear: method([], () => {
      const { size } = state
      state.trees = new TwoTrees()
      return size
    }),
  }
}

/** Travels as both bounds, each a list of none or one, and whether they are as they are by default. */
function range<P>(priority: Element<P>): Argument<PriorityRange<P>> {
  const bound = optional('bound', priority)
  return {
    name: 'range',
    accept: (value) => {
      const { from, to, fromExclusive, toInclusive } = (value ?? {}) as PriorityRange<P>
      return [bound.accept(from), bound.accept(to), fromExclusive === true, toInclusive === true]
    },
    receive: (data) => {
      const [from, to, fromExclusive, toInclusive] = list(data, 'range', 4, 4)
      return {
        from: bound.receive(from as CanonicalValue),
        to: bound.receive(to as CanonicalValue),
        fromExclusive: fromExclusive === true,
        toInclusive: toInclusive === true,
      }
    },
    inspect:
      bound.inspect &&
      (({ from, to }, report) => {
        bound.inspect?.(from, report)
        bound.inspect?.(to, report)
      }),
  }
}

function encodeSlot<P, K, V>(slot: Slot<P, V>, { priority, value }: Elements<P, K, V>): Uint8Array {
  return canonical([priority.dataOf(slot.priority), value.dataOf(slot.value)])
}

function decodeSlot<P, K, V>(text: string, bytes: Uint8Array, elements: Elements<P, K, V>, misfit: ReportMisfit): Slot<P, V> {
  const [priority, value] = list(decodeCanonical(bytes), 'entry', 2, 2)
  receiveElement(elements.key, keyOfText(text), misfit)
  const received = receiveElement(elements.priority, priority as CanonicalValue, misfit)
  return slotOf(received, text, receiveElement(elements.value, value as CanonicalValue, misfit))
}

/** Of entries as results. */
function entryElement<P, K, V>({ priority, key, value }: Elements<P, K, V>): Pick<Element<Entry<P, K, V>>, 'dataOf' | 'valueOf'> {
  return {
    dataOf: ([p, k, v]) => [priority.dataOf(p), key.dataOf(k), value.dataOf(v)],
    valueOf: (data) => {
      const [p, k, v] = list(data, 'entry', 3, 3) as [CanonicalValue, CanonicalValue, CanonicalValue]
      return [priority.valueOf(p), key.valueOf(k), value.valueOf(v)]
    },
  }
}
