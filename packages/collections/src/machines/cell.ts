import type { Datum } from '@mosaik/core'
import type { SnapshotReceiver, SnapshotSource } from '@mosaik/raft'
import { one, optional } from '../logic/argument.ts'
import { decodeElement, elementOf, encodeElement, sameElement } from '../logic/element.ts'
import type { Element, ReportMisfit } from '../logic/element.ts'
import { createMachine, method } from './machine.ts'
import type { Method } from './machine.ts'
import type { CellState, CollectionKind, CollectionMachine, MachineOptions } from './types.ts'

/** The key of the only item. */
const KEY = new Uint8Array()

/** A value or none. Throws `ERR_INVALID_OPTION` for a type that is none. */
export function cellMachine<T>(options: MachineOptions, type?: Datum<T>): CollectionMachine<CellState<T>> {
  return single('cell', options, elementOf(type), (state, element) => ({
    write: method([one('value', element)], (value) => {
      const previous = state.value
      state.value = value
      return previous
    }),
    compareExchange: method([optional('expected', element), optional('next', element)], (expected, next) => {
      const { value } = state
      const isExpected = value === undefined || expected === undefined ? value === expected : sameElement(element, value, expected)
      if (isExpected) state.value = next
      return isExpected
    }),
    clear: method([], () => {
      const previous = state.value
      state.value = undefined
      return previous
    }),
  }))
}

/** None, then one for good. Throws `ERR_INVALID_OPTION` for a type that is none. */
export function onceMachine<T>(options: MachineOptions, type?: Datum<T>): CollectionMachine<CellState<T>> {
  return single('once', options, elementOf(type), (state, element) => ({
    write: method([one('value', element)], (value) => {
      if (state.value !== undefined) return false
      state.value = value
      return true
    }),
  }))
}

class Single<T> implements CellState<T> {
  value: T | undefined

  get isEmpty(): boolean {
    return this.value === undefined
  }

  get(): T | undefined {
    return this.value
  }

  snapshot(): T | undefined {
    return this.value
  }
}

function single<T>(
  kind: CollectionKind,
  options: MachineOptions,
  element: Element<T>,
  methodsOf: (state: Single<T>, element: Element<T>) => Record<string, Method>,
): CollectionMachine<CellState<T>> {
  const state = new Single<T>()
  return createMachine<CellState<T>>(options, {
    kind,
    state,
    methods: methodsOf(state, element),
    result: element,
    size: () => (state.isEmpty ? 0 : 1),
    source: () => sourceOf(state.value, element),
    receiver: (replaced, misfit) => receiverOf(state, element, replaced, misfit),
  })
}

function sourceOf<T>(value: T | undefined, element: Element<T>): SnapshotSource {
  if (value === undefined) return { count: 0, items: () => [] }
  return { count: 1, items: (from = KEY) => (from.length === 0 ? [[KEY, encodeElement(element, value)]] : []) }
}

function receiverOf<T>(state: Single<T>, element: Element<T>, replaced: (dropped: number) => void, misfit: ReportMisfit): SnapshotReceiver {
  let value: T | undefined
  let dropped = 0
  return {
    add: (items) => {
      for (const [, bytes] of items) {
        try {
          value = decodeElement(element, bytes, misfit)
        } catch {
          dropped++ // as such a write is refused
        }
      }
    },
    commit: () => {
      state.value = value
      replaced(dropped)
    },
  }
}
