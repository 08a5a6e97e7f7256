import type { Prng } from '@mosaik/core'
import type { Instruction } from '../src/market/types.ts'

const TRADERS = ['ann', 'bob', 'eve', 'joe']
const PAIRS = ['APPLE/EUR', 'PEAR/EUR']
const PRICES = 6
const LOTS = 9

/** Instructions that get in each other's way: few traders, pairs, prices and lots, many cancels, some sent twice or too early. */
export class RandomFlow {
  readonly #prng: Prng
  readonly #next = new Map<string, number>()
  readonly #sent: Instruction[] = []

  constructor(prng: Prng) {
    this.#prng = prng
  }

  /** `faults`: of 100 instructions so many are sent again, and as many with a sequence that nobody expects yet. */
  instruction(faults: number = 0): Instruction {
    const chance = this.below(100)
    if (chance < faults && this.#sent.length > 0) return this.pick(this.#sent.slice(-50))
    const instruction = this.#fresh()
    if (chance < 2 * faults) return { ...instruction, sequence: instruction.sequence + 1 + this.below(3) }
    this.#next.set(instruction.trader, instruction.sequence + 1)
    this.#sent.push(instruction)
    return instruction
  }

  instructions(count: number, faults: number = 0): Instruction[] {
    return Array.from({ length: count }, () => this.instruction(faults))
  }

  /** From 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.#prng.float() * end)
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  #fresh(): Instruction {
    const trader = this.pick(TRADERS)
    const sequence = this.#next.get(trader) ?? 1
    if (sequence > 1 && this.below(4) === 0) return { type: 'cancel', trader, sequence, order: Math.max(1, sequence - 1 - this.below(8)) }
    const side = this.below(2) === 0 ? 'buy' : 'sell'
    return { type: 'order', trader, sequence, pair: this.pick(PAIRS), side, price: 1 + this.below(PRICES), quantity: 1 + this.below(LOTS) }
  }
}
