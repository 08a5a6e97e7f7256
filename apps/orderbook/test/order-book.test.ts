import { deepStrictEqual } from 'node:assert/strict'
import { describe, expect, it } from 'vitest'
import { LIMITS } from '../src/market/limits.ts'
import { createOrderBook } from '../src/market/order-book.ts'
import type { OrderBook } from '../src/market/order-book.ts'
import type { Executed, Instruction, Side } from '../src/market/types.ts'
import { applyTo } from './twin.ts'

/** Traders that count for themselves. */
class Floor {
  readonly book: OrderBook
  readonly #next = new Map<string, number>()

  constructor(limits: Partial<typeof LIMITS> = {}) {
    this.book = createOrderBook({ ...LIMITS, ...limits })
  }

  order(trader: string, side: Side, price: number, quantity: number, pair: string = 'A/B'): Executed {
    return this.#send({ type: 'order', trader, sequence: this.#sequence(trader), pair, side, price, quantity })
  }

  cancel(trader: string, order: number): Executed {
    return this.#send({ type: 'cancel', trader, sequence: this.#sequence(trader), order })
  }

  /** `price × quantity buyer seller`, in order. */
  fills(): string[] {
    const { fills } = this.book.fillsFrom(1)
    return fills.map(
      ({ price, quantity, buyer, seller }) => `${price} x ${quantity} ${buyer.trader}${buyer.sequence} ${seller.trader}${seller.sequence}`,
    )
  }

  #send(instruction: Instruction): Executed {
    const reply = applyTo(this.book, [instruction])
    deepStrictEqual(this.book.brokenSums(), [])
    return reply
  }

  #sequence(trader: string): number {
    const sequence = this.#next.get(trader) ?? 1
    this.#next.set(trader, sequence + 1)
    return sequence
  }
}

const TAKEN: Executed = { taken: 1, exceptions: [], fills: null }
const rejected = (why: string): unknown => ({ taken: 0, exceptions: [{ at: 0, outcome: 'rejected', why }], fills: null })

describe('matching', () => {
  it('serves the best price first, then who came first, at the price of who waited', () => {
    const floor = new Floor()
    floor.order('a', 'sell', 11, 5)
    floor.order('b', 'sell', 10, 2)
    floor.order('c', 'sell', 10, 2)
    floor.order('d', 'sell', 13, 9)
    expect(floor.order('e', 'buy', 12, 7)).toEqual({ taken: 1, exceptions: [], fills: [1, 3] })
    expect(floor.fills()).toEqual(['10 x 2 e1 b1', '10 x 2 e1 c1', '11 x 3 e1 a1'])
  })

  it('lets what is left wait, behind those of its price', () => {
    const floor = new Floor()
    floor.order('a', 'buy', 10, 1)
    floor.order('b', 'sell', 10, 3)
    floor.order('c', 'sell', 10, 3)
    floor.order('a', 'buy', 10, 4)
    expect(floor.fills()).toEqual(['10 x 1 a1 b1', '10 x 2 a2 b1', '10 x 2 a2 c1'])
    expect(floor.book.read({ type: 'top', pair: 'A/B' })).toEqual({ bids: [], asks: [{ price: 10, lots: 1n, orders: 1 }] })
  })

  it('keeps the place of an order that was filled in part', () => {
    const floor = new Floor()
    floor.order('a', 'buy', 10, 5)
    floor.order('b', 'buy', 10, 5)
    floor.order('c', 'sell', 10, 2)
    floor.order('c', 'sell', 10, 4)
    expect(floor.fills()).toEqual(['10 x 2 a1 c1', '10 x 3 a1 c2', '10 x 1 b1 c2'])
  })

  it('knows pairs apart, and trades with oneself', () => {
    const floor = new Floor()
    floor.order('a', 'buy', 10, 5)
    floor.order('b', 'sell', 9, 5, 'A/C')
    expect(floor.fills()).toEqual([])
    floor.order('a', 'sell', 9, 5)
    expect(floor.fills()).toEqual(['10 x 5 a1 a2'])
    expect(floor.book.read({ type: 'positions', trader: 'a' })).toEqual([{ pair: 'A/B', base: 0n, quote: 0n }])
    expect(floor.book.read({ type: 'trader', trader: 'a' })).toMatchObject({ fills: 2, notional: 100n, ordersFilled: 2 })
  })

  it('takes what is left of a cancelled order out of the book, once', () => {
    const floor = new Floor()
    floor.order('a', 'buy', 10, 5)
    floor.order('b', 'sell', 10, 2)
    expect(floor.cancel('b', 1)).toEqual(rejected('no-such-order'))
    expect(floor.cancel('a', 1)).toEqual(TAKEN)
    expect(floor.cancel('a', 1)).toEqual(rejected('no-such-order'))
    floor.order('b', 'sell', 10, 3)
    expect(floor.fills()).toEqual(['10 x 2 a1 b1'])
    const totals = {
      instructions: 3,
      orders: 1,
      ordersOpen: 0,
      ordersCancelled: 1,
      rejected: 1,
      lotsOrdered: 5n,
      lotsBought: 2n,
      lotsCancelled: 3n,
    }
    expect(floor.book.read({ type: 'trader', trader: 'a' })).toMatchObject(totals)
  })

  it('adds up what no number can hold', () => {
    const floor = new Floor()
    const most = Number.MAX_SAFE_INTEGER
    for (const trader of ['a', 'b', 'c']) floor.order(trader, 'buy', most, most)
    expect(floor.book.read({ type: 'top', pair: 'A/B' }).bids).toEqual([{ price: most, lots: 3n * BigInt(most), orders: 3 }])
    for (const trader of ['d', 'd', 'd']) floor.order(trader, 'sell', 1, most)
    const lots = 3n * BigInt(most)
    expect(floor.book.read({ type: 'positions', trader: 'd' })).toEqual([{ pair: 'A/B', base: -lots, quote: lots * BigInt(most) }])
    expect(floor.book.read({ type: 'totals' })).toMatchObject({ notional: lots * BigInt(most), lotsSold: lots, lotsOpen: 0n })
  })
})

describe('sequences', () => {
  const order = (sequence: number, trader = 'a'): Instruction => ({
    type: 'order',
    trader,
    sequence,
    pair: 'A/B',
    side: 'buy',
    price: 1,
    quantity: 1,
  })

  it('are taken once and in order, each by itself in a batch', () => {
    const book = createOrderBook()
    expect(applyTo(book, [order(1), order(2), order(2), order(4), order(3), order(1, 'b')])).toEqual({
      taken: 4,
      exceptions: [
        { at: 2, outcome: 'duplicate' },
        { at: 3, outcome: 'gap', expected: 3 },
      ],
      fills: null,
    })
    expect(applyTo(book, [order(7, 'c')]).exceptions).toEqual([{ at: 0, outcome: 'gap', expected: 1 }])
    expect(book.read({ type: 'standing', trader: 'a' })).toMatchObject({ expected: 4 })
    expect(book.read({ type: 'standing', trader: 'c' })).toMatchObject({ expected: 1 })
    expect(book.read({ type: 'totals' })).toMatchObject({ traders: 2, duplicates: 1, gaps: 2, orders: 4 })
  })

  it('belong to instructions that the book turns down, too', () => {
    const floor = new Floor()
    floor.order('a', 'buy', 1, 1)
    floor.cancel('a', 1)
    expect(floor.cancel('a', 1)).toEqual(rejected('no-such-order'))
    expect(floor.book.read({ type: 'standing', trader: 'a' })).toMatchObject({ expected: 4 })
  })
})

describe('limits', () => {
  it('of traders: who comes later has no sequence', () => {
    const floor = new Floor({ traders: 1 })
    floor.order('a', 'buy', 1, 1)
    expect(floor.order('b', 'sell', 1, 1)).toEqual(rejected('trader-limit'))
    expect(floor.book.read({ type: 'standing', trader: 'b' })).toMatchObject({ expected: 1 })
    expect(floor.book.read({ type: 'totals' })).toMatchObject({ traders: 1, instructions: 1 })
  })

  it('of pairs and accounts: nothing of the order is left behind', () => {
    const floor = new Floor({ pairs: 2, accounts: 3 })
    for (const pair of ['p1', 'p2']) expect(floor.order('a', 'buy', 1, 1, pair)).toEqual(TAKEN)
    expect(floor.order('a', 'buy', 1, 1, 'p3')).toEqual(rejected('pair-limit'))
    expect(floor.order('b', 'buy', 1, 1, 'p1')).toEqual(TAKEN)
    expect(floor.order('b', 'buy', 1, 1, 'p2')).toEqual(rejected('account-limit'))
    expect(floor.book.read({ type: 'trader', trader: 'b' })).toMatchObject({ instructions: 2, orders: 1, rejected: 1 })
    expect(floor.book.read({ type: 'totals' })).toMatchObject({ pairs: 2, ordersOpen: 3 })
  })

  it('of orders that wait, of a trader and in all: a cancel makes room', () => {
    const floor = new Floor({ openOrders: 3, openOrdersOfTrader: 2 })
    for (let i = 0; i < 2; i++) floor.order('a', 'buy', 1, 1)
    expect(floor.order('a', 'buy', 1, 1)).toEqual(rejected('trader-open-limit'))
    floor.order('b', 'buy', 1, 1)
    expect(floor.order('b', 'sell', 1, 1)).toEqual(rejected('open-limit'))
    floor.cancel('a', 2)
    expect(floor.order('b', 'sell', 1, 1)).toMatchObject({ fills: [1, 1] })
  })

  it('of fills that are kept, and of an answer', () => {
    const floor = new Floor({ fillsKept: 3 })
    for (let i = 0; i < 5; i++) {
      floor.order('a', 'buy', 1, 1)
      floor.order('b', 'sell', 1, 1)
    }
    const numbers = (from: number, limit?: number): unknown => {
      const { fills, first, next } = floor.book.fillsFrom(from, limit)
      return [fills.map(({ number }) => number), first, next]
    }
    expect(numbers(1)).toEqual([[3, 4, 5], 3, 6])
    expect(numbers(4)).toEqual([[4, 5], 3, 6])
    expect(numbers(1, 1)).toEqual([[3], 3, 6])
    expect(numbers(6)).toEqual([[], 3, 6])
  })

  it('are part of the name, and none is above the default', () => {
    expect(createOrderBook({ ...LIMITS, pairs: 7 }).name).not.toBe(createOrderBook().name)
    expect(createOrderBook({ ...LIMITS }).name).toBe(createOrderBook().name)
    expect(() => createOrderBook({ ...LIMITS, pairs: 65_536 })).toThrow(/pairs is 65536/)
  })
})

describe('reading', () => {
  it('lists the open orders of a trader by sequence, in parts', () => {
    const floor = new Floor()
    for (const price of [5, 4, 6]) floor.order('a', 'buy', price, price)
    const order = (sequence: number, price: number): unknown => ({ sequence, pair: 'A/B', side: 'buy', price, left: price })
    expect(floor.book.read({ type: 'open', trader: 'a', limit: 2 })).toEqual([order(1, 5), order(2, 4)])
    expect(floor.book.read({ type: 'open', trader: 'a', from: 3 })).toEqual([order(3, 6)])
  })

  it('gives the best levels of both sides, best first', () => {
    const floor = new Floor()
    for (const price of [5, 4, 6, 6]) floor.order('a', 'buy', price, 1)
    for (const price of [9, 8, 10]) floor.order('b', 'sell', price, 1)
    const { bids, asks } = floor.book.read({ type: 'top', pair: 'A/B', levels: 2 })
    expect(bids).toEqual([{ price: 6, lots: 2n, orders: 2 }, { price: 5, lots: 1n, orders: 1 }]) // prettier-ignore
    expect(asks.map(({ price }) => price)).toEqual([8, 9])
  })

  it('knows nothing of whom nobody has seen', () => {
    const { book } = new Floor()
    expect(book.read({ type: 'top', pair: 'none' })).toEqual({ bids: [], asks: [] })
    expect(book.read({ type: 'open', trader: 'none' })).toEqual([])
    expect(book.read({ type: 'positions', trader: 'none' })).toEqual([])
    expect(book.read({ type: 'trader', trader: 'none' })).toBeNull()
    expect(book.fillsFrom(1)).toEqual({ fills: [], first: 1, next: 1 })
  })
})
