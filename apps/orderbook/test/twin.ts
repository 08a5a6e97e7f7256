import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import type { ApplyContext } from '@mosaik/raft'
import { createOrderBook } from '../src/market/order-book.ts'
import type { OrderBook } from '../src/market/order-book.ts'
import type { Command, Executed, Fill, Instruction } from '../src/market/types.ts'
import { SimpleEngine } from './simple-engine.ts'

const NO_CONTEXT = undefined as unknown as ApplyContext // it is not looked at

/** The machine, behind its codec as in a group, and the simple engine with the same instructions. */
export class Twin {
  readonly simple = new SimpleEngine()
  book: OrderBook = createOrderBook()
  readonly fills: Fill[] = []

  /** Hands both one batch, and compares what they say of each instruction. */
  apply(instructions: readonly Instruction[]): void {
    const { taken, exceptions, fills } = applyTo(this.book, instructions)
    const told = instructions.map(() => 'taken')
    for (const { at, ...rest } of exceptions) told[at] = Object.values(rest).join(' ')
    deepStrictEqual(told, instructions.map((instruction) => this.simple.take(instruction))) // prettier-ignore
    strictEqual(taken, instructions.length - exceptions.length)
    const [first, last] = fills ?? [this.fills.length + 1, this.fills.length]
    strictEqual(first, this.fills.length + 1)
    for (let next = first; next <= last; next = this.fills.length + 1) this.fills.push(...this.book.fillsFrom(next, last - next + 1).fills)
    strictEqual(this.fills.length, last)
  }

  /** Goes on with a machine that was given the state of this one, through its items. */
  reinstall(): void {
    const other = createOrderBook()
    const receiver = other.receiver()
    receiver.add([...this.book.source().items()].map(([key, value]) => [key.slice(), value.slice()]))
    receiver.commit()
    this.book = other
  }

  /** Every fill, every order that waits, every position. */
  compare(): void {
    const { simple, book } = this
    sameFills(this.fills, simple.fills)
    deepStrictEqual(book.brokenSums(), [])
    for (const trader of new Set(simple.fills.flatMap(({ buyer, seller }) => [buyer.trader, seller.trader]))) {
      deepStrictEqual(book.read({ type: 'open', trader }), openOf(simple, trader))
      const positions = book.read({ type: 'positions', trader }).filter(({ base, quote }) => base !== 0n || quote !== 0n)
      deepStrictEqual(new Map(positions.map(({ pair, base, quote }) => [pair, [base, quote]])), positionsOf(simple, trader))
    }
    for (const pair of new Set(simple.fills.map((fill) => fill.pair))) {
      const { bids, asks } = book.read({ type: 'top', pair })
      deepStrictEqual(bids.map(({ price, lots }) => [price, lots]), levelsOf(simple, pair, 'buy').toReversed()) // prettier-ignore
      deepStrictEqual(asks.map(({ price, lots }) => [price, lots]), levelsOf(simple, pair, 'sell')) // prettier-ignore
    }
  }
}

/** Fails with the first that is not the same: thousands of fills, all others by one, are not to be laid side by side. */
export function sameFills(fills: readonly Fill[], expected: readonly Fill[]): void {
  for (const [i, fill] of expected.entries()) deepStrictEqual(fills[i], fill)
  strictEqual(fills.length, expected.length)
}

/** One command, through the codecs of the machine. */
export function applyTo(book: OrderBook, command: Command): Executed {
  const codec = book.codecs?.command
  if (codec === undefined || !('encode' in codec)) throw new Error('an order book has a codec for its commands')
  const reply = book.apply(codec.decode(codec.encode(command)), NO_CONTEXT)
  if ('refused' in reply) throw new Error(reply.refused)
  return reply
}

function openOf({ waiting }: SimpleEngine, trader: string): unknown[] {
  return waiting
    .filter((order) => order.trader === trader)
    .map(({ sequence, pair, side, price, left }) => ({ sequence, pair, side, price, left }))
    .toSorted((a, b) => a.sequence - b.sequence)
}

function positionsOf({ fills }: SimpleEngine, trader: string): Map<string, [bigint, bigint]> {
  const positions = new Map<string, [bigint, bigint]>()
  const change = (pair: string, lots: bigint, ticks: bigint): void => {
    const [base, quote] = positions.get(pair) ?? [0n, 0n]
    positions.set(pair, [base + lots, quote + ticks])
  }
  for (const { pair, price, quantity, buyer, seller } of fills) {
    const [lots, value] = [BigInt(quantity), BigInt(price) * BigInt(quantity)]
    if (buyer.trader === trader) change(pair, lots, -value)
    if (seller.trader === trader) change(pair, -lots, value)
  }
  for (const [pair, [base, quote]] of positions) if (base === 0n && quote === 0n) positions.delete(pair)
  return positions
}

function levelsOf({ waiting }: SimpleEngine, pair: string, side: string): [price: number, lots: bigint][] {
  const levels = Map.groupBy(
    waiting.filter((order) => order.pair === pair && order.side === side),
    ({ price }) => price,
  )
  return [...levels]
    .map(([price, orders]): [number, bigint] => [price, orders.reduce((sum, { left }) => sum + BigInt(left), 0n)])
    .toSorted(([a], [b]) => a - b)
}
