import type { Fill } from '../market/types.ts'
import type { Published } from './protocol.ts'

/** What came of a publication. */
export interface Taken {
  /** Fills that were not seen before. */
  readonly fresh: readonly Fill[]
  /** Fills that nobody keeps any more: they will never be seen. */
  readonly lost: number
}

/** Sees each fill once and in order, however often and in whatever pieces it is published. */
export class FillLog {
  /** Number of the fill that is seen next. */
  next = 1
  seen = 0
  lost = 0
  /** Of the fills that were seen: lots, and price times quantity in ticks. */
  lots = 0n
  notional = 0n
  /** Fills that came again. */
  repeated = 0
  #published = 1

  /** Fills have been made that are neither seen nor lost. */
  get isBehind(): boolean {
    return this.#published > this.next
  }

  take({ fills, first, next }: Published): Taken {
    this.#published = Math.max(this.#published, next)
    const lost = Math.max(0, first - this.next)
    this.lost += lost
    this.next += lost
    const from = fills.findIndex(({ number }) => number === this.next)
    const fresh = from === -1 ? [] : fills.slice(from)
    this.repeated += fills.filter(({ number }) => number < this.next).length
    this.next += fresh.length
    this.seen += fresh.length
    for (const { price, quantity } of fresh) {
      this.lots += BigInt(quantity)
      this.notional += BigInt(price) * BigInt(quantity)
    }
    return { fresh, lost }
  }
}
