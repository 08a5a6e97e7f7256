import { canonical, decodeCanonical } from '@mosaik/core'
import type { CanonicalValue } from '@mosaik/core'
import type { ApplyContext, SnapshotItem } from '@mosaik/raft'
import { describe, expect, it } from 'vitest'
import { createOrderBook } from '../src/market/order-book.ts'
import type { OrderBook } from '../src/market/order-book.ts'
import { KIND } from '../src/market/snapshot-key.ts'
import type { Instruction, Side } from '../src/market/types.ts'
import { applyTo } from './twin.ts'

const MOST = Number.MAX_SAFE_INTEGER

function order(trader: string, sequence: number, side: Side, price: number, quantity: number): Instruction {
  return { type: 'order', trader, sequence, pair: 'A/B', side, price, quantity }
}

/** Ann has bought of bob; both still wait. */
function traded(): OrderBook {
  const book = createOrderBook()
  applyTo(book, [
    order('ann', 1, 'buy', 10, 5),
    order('bob', 1, 'sell', 10, 2),
    order('bob', 2, 'sell', 11, 4),
    { type: 'cancel', trader: 'bob', sequence: 3, order: 1 },
  ])
  return book
}

function installed(items: readonly SnapshotItem[]): OrderBook {
  const book = createOrderBook()
  const receiver = book.receiver()
  receiver.add(items)
  receiver.commit()
  return book
}

/** Of a state in which one row of a kind is another. Undefined leaves it out. */
function tampered(kind: number, which: number, change: (row: CanonicalValue[]) => CanonicalValue[] | undefined): string[] {
  let seen = 0
  const items = [...traded().source().items()].flatMap(([key, value]): SnapshotItem[] => {
    if (key[0] !== kind || seen++ !== which) return [[key, value]]
    const row = change(decodeCanonical(value) as CanonicalValue[])
    return row === undefined ? [] : [[key, canonical(row)]]
  })
  return installed(items).brokenSums()
}

/** The row with one field another. */
function at(index: number, value: CanonicalValue): (row: CanonicalValue[]) => CanonicalValue[] {
  return (row) => row.with(index, value)
}

describe('sums that are broken', () => {
  it('are none in a sound state', () => {
    expect(traded().brokenSums()).toEqual([])
    expect(tampered(KIND.order, 0, (row) => row)).toEqual([])
  })

  it.each([
    ['an order that is gone', KIND.order, 0, () => undefined, 'ann in A/B: orders in the book = taken - filled - cancelled: 0 is not 1'],
    ['a lot too many', KIND.order, 0, at(2, 4), 'ann in A/B: lots in the book = ordered - bought - sold - cancelled: 4 is not 3'],
    ['an instruction lost', KIND.trader, 0, at(1, 1), 'instructions = orders + cancels + rejected: 3 is not 4'],
    ['a lot bought of nobody', KIND.account, 0, at(7, 3n), 'lots bought = lots sold: 3 is not 2'],
    ['a tick from nowhere', KIND.account, 1, at(11, 21n), 'A/B: positions in ticks add up to 0: 1 is not 0'],
    ['a fill with one side', KIND.account, 0, at(5, 2), 'fills of buyers and sellers = 2 x fills: 3 is not 2'],
    ['an order that nobody has sent', KIND.account, 0, at(2, 2), 'orders = arrivals: 4 is not 3'],
  ])('%s', (_, kind, which, change, told) => {
    expect(tampered(kind, which, change)).toContain(told)
  })

  it.each([11, 12])('an offer at 11 that somebody who waits at %i has not taken', (price) => {
    const items = [...traded().source().items()]
    const [bid] = items.filter(([key]) => key[0] === KIND.order) as [SnapshotItem]
    const key = Uint8Array.from(bid[0])
    new DataView(key.buffer).setBigUint64(4, BigInt(MOST - price)) // instead of 10
    const book = installed(items.map((item) => (item === bid ? [key, bid[1]] : item)))
    expect(book.brokenSums()).toContain(`A/B: somebody waits at ${price} for what is offered at 11`)
  })
})

describe('a state', () => {
  it('keeps the order of any prices and the place of any order', () => {
    const prices = [1, 2, 255, 256, 2 ** 32, MOST - 1, MOST]
    const book = createOrderBook()
    const orders = prices.flatMap((price, i) => [order('ann', 2 * i + 1, 'buy', price, MOST), order('ann', 2 * i + 2, 'buy', price, 1)])
    applyTo(book, orders)
    const other = installed([...book.source().items()])
    expect(other.read({ type: 'top', pair: 'A/B' })).toEqual(book.read({ type: 'top', pair: 'A/B' }))
    expect(other.read({ type: 'top', pair: 'A/B' }).bids.map(({ price }) => price)).toEqual(prices.toReversed())
    const all = [order('bob', 1, 'sell', 1, MOST), order('bob', 2, 'sell', 1, MOST)]
    expect(applyTo(other, all)).toEqual(applyTo(book, all))
    expect(other.fillsFrom(1)).toEqual(book.fillsFrom(1))
  })

  it('is not touched by what is no command', () => {
    const book = traded()
    const before = [...book.source().items()]
    expect(book.apply({ refused: 'it is none' }, undefined as unknown as ApplyContext)).toEqual({ refused: 'it is none' })
    expect([...book.source().items()]).toEqual(before)
  })
})
