import type { Clock, Counter } from '@mosaik/core'

/** Counts items and their bytes, and tells the counters when the turn is over: calls for each would cost as much as the item. */
export class Tally {
  readonly #clock: Clock
  readonly #itemCounters: readonly Counter[]
  readonly #byteCounters: readonly Counter[]
  #items = 0
  #bytes = 0

  constructor(clock: Clock, items: readonly Counter[], bytes: readonly Counter[]) {
    this.#clock = clock
    this.#itemCounters = items
    this.#byteCounters = bytes
  }

  add(bytes: number): void {
    if (this.#items === 0) this.#clock.turn(this.#tell)
    this.#items += 1
    this.#bytes += bytes
  }

  readonly #tell = (): void => {
    for (const counter of this.#itemCounters) counter.add(this.#items)
    for (const counter of this.#byteCounters) counter.add(this.#bytes)
    this.#items = 0
    this.#bytes = 0
  }
}
