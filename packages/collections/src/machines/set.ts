import type { Datum } from '@mosaik/core'
import { many, one } from '../logic/argument.ts'
import { keyElementOf, receiveElement } from '../logic/element.ts'
import type { Element } from '../logic/element.ts'
import { keyOfText, keyText } from '../logic/key.ts'
import { createTree, treeReceiver, treeSource } from '../logic/tree.ts'
import { createMachine, method } from './machine.ts'
import type { Method } from './machine.ts'
import { TreeSet } from './set-state.ts'
import type { CollectionMachine, MachineOptions, SetState } from './types.ts'

const NOTHING = new Uint8Array()

/** Throws `ERR_INVALID_OPTION` for a type that is none. */
export function setMachine<T>(options: MachineOptions, type?: Datum<T>): CollectionMachine<SetState<T>> {
  const element = keyElementOf(type, 'value')
  const state = new TreeSet<T>(createTree(), element)
  return createMachine<SetState<T>>(options, {
    kind: 'set',
    state,
    methods: methodsOf(state, element),
    result: element,
    size: () => state.size,
    source: () => treeSource(state.tree, () => NOTHING),
    receiver: (replaced, misfit) =>
      treeReceiver<undefined>(
        (tree, text) => {
          receiveElement(element, keyOfText(text), misfit)
          tree.set(text, undefined)
        },
        (tree, dropped) => {
          state.tree = tree
          replaced(dropped)
        },
      ),
  })
}

function methodsOf<T>(state: TreeSet<T>, element: Element<T>): Record<string, Method> {
  const text = (value: T): string => keyText(element.dataOf(value))
  return {
    insert: method([one('value', element)], (value) => state.tree.set(text(value), undefined)),
    extend: method([many('values', element)], (values) => {
      let added = 0
      for (const at of values.map(text)) if (state.tree.set(at, undefined)) added++
      return added
    }),
    remove: method([one('value', element)], (value) => state.tree.delete(text(value))),
    removeMany: method([many('values', element)], (values) => {
      let removed = 0
      for (const at of values.map(text)) if (state.tree.delete(at)) removed++
      return removed
    }),
    clear: method([], () => {
      const { size } = state.tree
      state.tree = createTree()
      return size
    }),
  }
}
