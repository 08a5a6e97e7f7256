import type { Element } from '../logic/element.ts'
import { findKeyText, keyOfText } from '../logic/key.ts'
import type { Tree } from '../logic/tree.ts'
import type { SetState } from './types.ts'

/** Elements as the keys of a tree. Iterators go over the state of their call, whatever is written meanwhile. */
export class TreeSet<T> implements SetState<T> {
  tree: Tree<undefined>
  readonly #element: Element<T>

  constructor(tree: Tree<undefined>, element: Element<T>) {
    this.tree = tree
    this.#element = element
  }

  get size(): number {
    return this.tree.size
  }

  has(value: T): boolean {
    const text = findKeyText(this.#element, value)
    return text !== undefined && this.tree.has(text)
  }

  keys(): SetIterator<T> {
    return this.values()
  }

  values(): SetIterator<T> {
    return elementsOf(this.tree.clone(), this.#element)
  }

  entries(): SetIterator<[T, T]> {
    return pairsOf(this.values())
  }

  [Symbol.iterator](): SetIterator<T> {
    return this.values()
  }

  forEach(callback: (value: T, same: T, set: ReadonlySet<T>) => void, thisArg?: unknown): void {
    for (const value of this) callback.call(thisArg, value, value, this)
  }

  snapshot(): ReadonlySet<T> {
    return new TreeSet(this.tree.clone(), this.#element)
  }

  union<U>(other: ReadonlySetLike<U>): Set<T | U> {
    const all = new Set<T | U>(this)
    for (const [text, value] of this.#read(other)) if (!this.tree.has(text)) all.add(value)
    return all
  }

  intersection<U>(other: ReadonlySetLike<U>): Set<T & U> {
    return this.#where(this.#read(other), true) as Set<T & U>
  }

  difference<U>(other: ReadonlySetLike<U>): Set<T> {
    return this.#where(this.#read(other), false)
  }

  symmetricDifference<U>(other: ReadonlySetLike<U>): Set<T | U> {
    const texts = this.#read(other)
    const either: Set<T | U> = this.#where(texts, false)
    for (const [text, value] of texts) if (!this.tree.has(text)) either.add(value)
    return either
  }

  isSubsetOf(other: ReadonlySetLike<unknown>): boolean {
    const texts = this.#read(other)
    if (this.size > texts.size) return false
    for (const text of this.tree.keys()) if (!texts.has(text)) return false
    return true
  }

  isSupersetOf(other: ReadonlySetLike<unknown>): boolean {
    for (const text of this.#read(other).keys()) if (!this.tree.has(text)) return false
    return true
  }

  isDisjointFrom(other: ReadonlySetLike<unknown>): boolean {
    for (const text of this.#read(other).keys()) if (this.tree.has(text)) return false
    return true
  }

  /** Another set's elements, each value once. What can be no element here has a text that no element has. */
  #read<U>(other: ReadonlySetLike<U>): Map<string, U> {
    const texts = new Map<string, U>()
    const strange = new Set<U>()
    const elements = other.keys()
    for (let next = elements.next(); next.done !== true; next = elements.next()) {
      const text = findKeyText(this.#element, next.value as unknown as T)
      if (text === undefined) strange.add(next.value)
      else if (!texts.has(text)) texts.set(text, next.value)
    }
    for (const value of strange) texts.set(`?${texts.size}`, value)
    return texts
  }

  #where(texts: ReadonlyMap<string, unknown>, isThere: boolean): Set<T> {
    const found = new Set<T>()
    for (const text of this.tree.keys()) if (texts.has(text) === isThere) found.add(this.#element.valueOf(keyOfText(text)))
    return found
  }
}

function* elementsOf<T>(tree: Tree<undefined>, element: Element<T>): Generator<T, undefined> {
  for (const text of tree.keys()) yield element.valueOf(keyOfText(text))
}

function* pairsOf<T>(values: Iterable<T>): Generator<[T, T], undefined> {
  for (const value of values) yield [value, value]
}
