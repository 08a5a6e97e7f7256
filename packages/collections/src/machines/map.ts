import { many, one, optional, tuples } from '../logic/argument.ts'
import { decodeElement, elementOf, encodeElement, keyElementOf, receiveElement, sameElement } from '../logic/element.ts'
import type { Element } from '../logic/element.ts'
import { keyOfText, keyText } from '../logic/key.ts'
import { createTree, treeReceiver, treeSource } from '../logic/tree.ts'
import { createMachine, method } from './machine.ts'
import type { Method } from './machine.ts'
import { TreeMap } from './map-state.ts'
import type { CollectionMachine, MachineOptions, MapState, MapTypes } from './types.ts'

/** Throws `ERR_INVALID_OPTION` for types that are none. */
export function mapMachine<K, V>(options: MachineOptions, types: MapTypes<K, V> = {}): CollectionMachine<MapState<K, V>> {
  const key = keyElementOf(types.key)
  const value = elementOf(types.value)
  const state = new TreeMap(createTree<V>(), key)
  return createMachine<MapState<K, V>>(options, {
    kind: 'map',
    state,
    methods: methodsOf(state, key, value),
    result: value,
    size: () => state.size,
    source: () => treeSource(state.tree, (item) => encodeElement(value, item)),
    receiver: (replaced, misfit) =>
      treeReceiver<V>(
        (tree, text, bytes) => {
          receiveElement(key, keyOfText(text), misfit)
          tree.set(text, decodeElement(value, bytes, misfit))
        },
        (tree, dropped) => {
          state.tree = tree
          replaced(dropped)
        },
      ),
  })
}

function methodsOf<K, V>(state: TreeMap<K, V>, key: Element<K>, value: Element<V>): Record<string, Method> {
  const text = (k: K): string => keyText(key.dataOf(k))
  return {
    insert: method([one('key', key), one('value', value)], (k, v) => {
      const at = text(k)
      const previous = state.tree.get(at)
      state.tree.set(at, v)
      return previous
    }),
    extend: method([tuples<[K, V]>('entries', key, value)], (entries) => {
      const texts = entries.map(([k]) => text(k))
      for (let i = 0; i < texts.length; i++) state.tree.set(texts[i] as string, (entries[i] as readonly [K, V])[1])
      return entries.length
    }),
    remove: method([one('key', key)], (k) => {
      const at = text(k)
      const previous = state.tree.get(at)
      if (previous !== undefined) state.tree.delete(at)
      return previous
    }),
    removeMany: method([many('keys', key)], (keys) => {
      let removed = 0
      for (const at of keys.map(text)) if (state.tree.delete(at)) removed++
      return removed
    }),
    compareExchange: method([one('key', key), optional('expected', value), optional('next', value)], (k, expected, next) => {
      const at = text(k)
      const current = state.tree.get(at)
      const isExpected = current === undefined || expected === undefined ? current === expected : sameElement(value, current, expected)
      if (!isExpected) return false
      if (next !== undefined) state.tree.set(at, next)
      else if (current !== undefined) state.tree.delete(at)
      return true
    }),
    clear: method([], () => {
      const { size } = state.tree
      state.tree = createTree()
      return size
    }),
  }
}
