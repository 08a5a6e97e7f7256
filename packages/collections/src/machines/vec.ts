import type { Datum } from '@mosaik/core'
import type { SnapshotItem, SnapshotReceiver, SnapshotSource } from '@mosaik/raft'
import { integer, many, one } from '../logic/argument.ts'
import { decodeElement, elementOf, encodeElement } from '../logic/element.ts'
import type { Element, ReportMisfit } from '../logic/element.ts'
import { Sequence } from '../logic/sequence.ts'
import { createMachine, method } from './machine.ts'
import type { Method } from './machine.ts'
import type { CollectionMachine, MachineOptions, VecState } from './types.ts'
import { SequenceVec } from './vec-state.ts'

/** An index as the key of an item: big end first, so that keys order as indices do. */
const KEY_BYTES = 8
const UINT32_RANGE = 2 ** 32

/** Throws `ERR_INVALID_OPTION` for a type that is none. */
export function vecMachine<T>(options: MachineOptions, type?: Datum<T>): CollectionMachine<VecState<T>> {
  const element = elementOf(type)
  const state = new SequenceVec(element)
  return createMachine<VecState<T>>(options, {
    kind: 'vec',
    state,
    methods: { ...endMethods(state, element), ...indexMethods(state, element) },
    result: element,
    size: () => state.length,
    source: () => sourceOf(state.sequence, element),
    receiver: (replaced, misfit) => receiverOf(state, element, replaced, misfit),
  })
}

function endMethods<T>(state: SequenceVec<T>, element: Element<T>): Record<string, Method> {
  const insert = (index: number, value: T): number => {
    state.sequence = state.sequence.insert(index, value)
    return state.length
  }
  return {
    pushBack: method([one('value', element)], (value) => insert(state.length, value)),
    pushFront: method([one('value', element)], (value) => insert(0, value)),
    extend: method([many('values', element)], (values) => {
      for (const value of values) insert(state.length, value)
      return state.length
    }),
    popBack: method([], () => take(state, state.length - 1)),
    popFront: method([], () => take(state, 0)),
    truncate: method([integer('length')], (length) => {
      const surplus = length < 0 ? 0 : Math.max(0, state.length - length)
      if (surplus > 0) state.sequence = state.sequence.take(length)
      return surplus
    }),
    clear: method([], () => {
      const { length } = state
      state.sequence = new Sequence()
      return length
    }),
  }
}

function indexMethods<T>(state: SequenceVec<T>, element: Element<T>): Record<string, Method> {
  return {
    insert: method([integer('index'), one('value', element)], (index, value) => {
      if (index !== state.length && !state.has(index)) return false
      state.sequence = state.sequence.insert(index, value)
      return true
    }),
    remove: method([integer('index')], (index) => take(state, index)),
    set: method([integer('index'), one('value', element)], (index, value) => {
      const previous = state.get(index)
      if (previous !== undefined) state.sequence = state.sequence.with(index, value)
      return previous
    }),
    swap: method([integer('i'), integer('j')], (i, j) => {
      const [a, b] = [state.get(i), state.get(j)]
      if (a === undefined || b === undefined) return false
      state.sequence = state.sequence.with(i, b).with(j, a)
      return true
    }),
  }
}

function take<T>(state: SequenceVec<T>, index: number): T | undefined {
  const value = state.get(index)
  if (value !== undefined) state.sequence = state.sequence.remove(index)
  return value
}

function sourceOf<T>(sequence: Sequence<T>, element: Element<T>): SnapshotSource {
  return { count: sequence.length, items: (from) => itemsOf(sequence, element, firstIndex(from)) }
}

function* itemsOf<T>(sequence: Sequence<T>, element: Element<T>, first: number): Generator<SnapshotItem, void, undefined> {
  let index = first
  for (const value of sequence.from(first)) yield [keyOf(index++), encodeElement(element, value)]
}

function keyOf(index: number): Uint8Array {
  const key = Buffer.allocUnsafe(KEY_BYTES)
  key.writeUInt32BE(Math.floor(index / UINT32_RANGE), 0)
  key.writeUInt32BE(index % UINT32_RANGE, 4)
  return key
}

/** Of the first key that is not below these bytes. */
function firstIndex(from: Uint8Array = new Uint8Array()): number {
  const key = new Uint8Array(KEY_BYTES)
  key.set(from.subarray(0, KEY_BYTES))
  const view = new DataView(key.buffer)
  return view.getUint32(0) * UINT32_RANGE + view.getUint32(4) + (from.length > KEY_BYTES ? 1 : 0)
}

function receiverOf<T>(
  state: SequenceVec<T>,
  element: Element<T>,
  replaced: (dropped: number) => void,
  misfit: ReportMisfit,
): SnapshotReceiver {
  let aside = new Sequence<T>()
  let dropped = 0
  return {
    add: (items) => {
      for (const [, bytes] of items) {
        try {
          aside = aside.insert(aside.length, decodeElement(element, bytes, misfit))
        } catch {
          dropped++ // as such a write is refused
        }
      }
    },
    commit: () => {
      state.sequence = aside
      replaced(dropped)
    },
  }
}
