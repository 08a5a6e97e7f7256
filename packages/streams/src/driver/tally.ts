import type { Counter, Endpoint } from '@mosaik/core'

/**
 * Counts items and their bytes, and tells the counters when the turn is over or somebody looks: calls for each would cost
 * as much as the item.
 */
export class Tally {
  readonly #node: Pick<Endpoint, 'clock' | 'metrics'>
  readonly #itemCounters: readonly Counter[]
  readonly #byteCounters: readonly Counter[]
  #items = 0
  #bytes = 0
  #cancel: (() => void) | undefined

  constructor(node: Pick<Endpoint, 'clock' | 'metrics'>, items: readonly Counter[], bytes: readonly Counter[]) {
    this.#node = node
    this.#itemCounters = items
    this.#byteCounters = bytes
  }

  add(bytes: number): void {
    if (this.#items === 0) {
      this.#node.clock.turn(this.#tell)
      this.#cancel = this.#node.metrics.beforeText?.(this.#tell)
    }
    this.#items += 1
    this.#bytes += bytes
  }

  readonly #tell = (): void => {
    if (this.#items === 0) return
    this.#cancel?.()
    for (const counter of this.#itemCounters) counter.add(this.#items)
    for (const counter of this.#byteCounters) counter.add(this.#bytes)
    this.#items = 0
    this.#bytes = 0
  }
}
