import { sameAs } from '../logic/element.ts'
import type { Element } from '../logic/element.ts'
import { lazyArray } from '../logic/lazy-array.ts'
import { Sequence } from '../logic/sequence.ts'
import type { VecState } from './types.ts'

/** A sequence, read as an array. Iterators go over the state of their call, whatever is written meanwhile. */
export class SequenceVec<T> implements VecState<T> {
  sequence: Sequence<T> = new Sequence()
  readonly #element: Element<T>

  constructor(element: Element<T>) {
    this.#element = element
  }

  get length(): number {
    return this.sequence.length
  }

  get isEmpty(): boolean {
    return this.length === 0
  }

  has(index: number): boolean {
    return Number.isInteger(index) && index >= 0 && index < this.length
  }

  get(index: number): T | undefined {
    return this.has(index) ? this.sequence.get(index) : undefined
  }

  at(index: number): T | undefined {
    const whole = Math.trunc(index) || 0
    return this.get(whole < 0 ? this.length + whole : whole)
  }

  front(): T | undefined {
    return this.get(0)
  }

  back(): T | undefined {
    return this.get(this.length - 1)
  }

  includes(value: T): boolean {
    return this.indexOf(value) !== -1
  }

  indexOf(value: T): number {
    const isSame = sameAs(this.#element, value)
    let start = 0
    for (const leaf of this.sequence.leaves()) {
      const found = leaf.findIndex(isSame)
      if (found !== -1) return start + found
      start += leaf.length
    }
    return -1
  }

  slice(from?: number, to?: number): T[] {
    const first = this.#place(from, 0)
    const end = this.#place(to, this.length)
    const found: T[] = []
    if (first >= end) return found
    for (const element of this.sequence.from(first)) {
      found.push(element)
      if (found.length === end - first) break
    }
    return found
  }

  [Symbol.iterator](): Generator<T, undefined> {
    return this.sequence[Symbol.iterator]()
  }

  snapshot(): readonly T[] {
    const { sequence } = this
    return lazyArray((array) => {
      for (const leaf of sequence.leaves()) array.push(...leaf)
    })
  }

  /** As `Array.prototype.slice` reads its arguments. */
  #place(index: number | undefined, otherwise: number): number {
    if (index === undefined) return otherwise
    const whole = Math.trunc(index) || 0
    return whole < 0 ? Math.max(0, this.length + whole) : Math.min(whole, this.length)
  }
}
