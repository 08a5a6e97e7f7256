import type { Fill } from './types.ts'

/** The newest fills. */
export class FillRing {
  /** All that were ever made, which is the number of the last one. */
  count = 0
  readonly #fills: Fill[] = []
  readonly #kept: number

  constructor(kept: number) {
    this.#kept = kept
  }

  /** The number of the oldest that is kept; of the next one while there is none. */
  get first(): number {
    return Math.max(1, this.count - this.#kept + 1)
  }

  /** Of the next number. */
  add(fill: Fill): void {
    this.count = fill.number
    this.put(fill)
  }

  /** Of a number that `count` has room for. */
  put(fill: Fill): void {
    this.#fills[(fill.number - 1) % this.#kept] = fill
  }

  /** Up to `limit` that follow each other. O(limit). */
  from(number: number, limit: number): Fill[] {
    const start = Math.max(this.first, number)
    const found: Fill[] = []
    for (let i = start; i <= this.count && found.length < limit; i++) found.push(this.#fills[(i - 1) % this.#kept] as Fill)
    return found
  }
}
