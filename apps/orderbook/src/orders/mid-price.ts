import { seededPrng } from '@mosaik/core'
import type { Prng } from '@mosaik/core'

const STEP = 100
const LOWEST = 100

/**
 * What a pair is worth, in ticks, over logical time: it begins anywhere from 5 000 to 14 999 and every 100 ms goes up or down by one tick
 * with a probability of 1/8 each. It never falls below 100.
 */
export class MidPrice {
  readonly #prng: Prng
  #price: number
  #steps = 0

  constructor(seed: string, pair: string) {
    this.#prng = seededPrng(`${seed} mid ${pair}`)
    this.#price = 5_000 + Math.floor(this.#prng.float() * 10_000)
  }

  /** At a time that is not before the last one asked for, ms. */
  at(time: number): number {
    for (; (this.#steps + 1) * STEP <= time; this.#steps++) {
      const chance = this.#prng.uint32() >>> 29
      if (chance === 0) this.#price++
      else if (chance === 1 && this.#price > LOWEST) this.#price--
    }
    return this.#price
  }
}
