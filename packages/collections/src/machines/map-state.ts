import type { Element } from '../logic/element.ts'
import { findKeyText, keyOfText } from '../logic/key.ts'
import type { Tree } from '../logic/tree.ts'
import type { MapState } from './types.ts'

/** A tree of values, read with keys. Iterators go over the state of their call, whatever is written meanwhile. */
export class TreeMap<K, V> implements MapState<K, V> {
  tree: Tree<V>
  readonly #key: Element<K>

  constructor(tree: Tree<V>, key: Element<K>) {
    this.tree = tree
    this.#key = key
  }

  get size(): number {
    return this.tree.size
  }

  get(key: K): V | undefined {
    const text = findKeyText(this.#key, key)
    return text === undefined ? undefined : this.tree.get(text)
  }

  has(key: K): boolean {
    const text = findKeyText(this.#key, key)
    return text !== undefined && this.tree.has(text)
  }

  keys(): MapIterator<K> {
    return keysOf(this.tree.clone(), this.#key)
  }

  values(): MapIterator<V> {
    return valuesOf(this.tree.clone())
  }

  entries(): MapIterator<[K, V]> {
    return entriesOf(this.tree.clone(), this.#key)
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries()
  }

  forEach(callback: (value: V, key: K, map: ReadonlyMap<K, V>) => void, thisArg?: unknown): void {
    for (const [key, value] of this) callback.call(thisArg, value, key, this)
  }

  snapshot(): ReadonlyMap<K, V> {
    return new TreeMap(this.tree.clone(), this.#key)
  }
}

function* keysOf<K, V>(tree: Tree<V>, key: Element<K>): Generator<K, undefined> {
  for (const text of tree.keys()) yield key.valueOf(keyOfText(text))
}

function* valuesOf<V>(tree: Tree<V>): Generator<V, undefined> {
  yield* tree.values()
}

function* entriesOf<K, V>(tree: Tree<V>, key: Element<K>): Generator<[K, V], undefined> {
  for (const [text, value] of tree.entries()) yield [key.valueOf(keyOfText(text)), value]
}
