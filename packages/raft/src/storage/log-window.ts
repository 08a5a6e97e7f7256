import type { Index } from '../logic/types.ts'

const COMPACT_ABOVE = 64

/** A list numbered by index, that grows at its end and is cut at both: each at amortized constant cost per item. */
export class LogWindow<T> {
  #items: (T | undefined)[] = []
  /** Items at the front of the array that are gone. */
  #gone = 0
  #before: Index

  constructor(before: Index = 0) {
    this.#before = before
  }

  /** The index right before the first item. */
  get before(): Index {
    return this.#before
  }

  /** The index of the last item; `before` when there is none. */
  get last(): Index {
    return this.#before + this.#items.length - this.#gone
  }

  push(item: T): void {
    this.#items.push(item)
  }

  get(index: Index): T | undefined {
    return index <= this.#before ? undefined : this.#items[index - this.#before - 1 + this.#gone]
  }

  /** The items `from` to `to`, both included, as far as they are there. */
  *range(from: Index, to: Index): Generator<T, void, undefined> {
    for (let index = Math.max(from, this.#before + 1); index <= Math.min(to, this.last); index++) yield this.get(index) as T
  }

  /** Drops `from` and all after it; calls `onDrop` for each. */
  cutFrom(from: Index, onDrop: (item: T) => void): void {
    const keep = Math.max(0, from - this.#before - 1)
    while (this.#items.length - this.#gone > keep) onDrop(this.#items.pop() as T)
  }

  /** Drops `upTo` and all before it, as far as they are there; calls `onDrop` for each. */
  dropThrough(upTo: Index, onDrop: (item: T) => void): void {
    const until = Math.min(upTo, this.last)
    for (; this.#before < until; this.#before++) {
      onDrop(this.#items[this.#gone] as T)
      this.#items[this.#gone++] = undefined // so that it can be collected
    }
    if (this.#gone < COMPACT_ABOVE || this.#gone * 2 < this.#items.length) return
    this.#items = this.#items.slice(this.#gone)
    this.#gone = 0
  }

  /** Drops everything; the next item comes right after `before`. */
  restart(before: Index, onDrop: (item: T) => void): void {
    this.cutFrom(0, onDrop)
    this.#items = []
    this.#gone = 0
    this.#before = before
  }
}
