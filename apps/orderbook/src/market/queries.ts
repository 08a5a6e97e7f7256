import type { Level } from './book-side.ts'
import type { Market } from './market.ts'
import { marketTotals, positionOf, traderTotals } from './sums.ts'
import type { MarketTotals, Position, Totals } from './sums.ts'
import type { Fill, Side } from './types.ts'

/** Items that one answer has at most. */
export const MOST_ITEMS = 4_096

/** `limit`, `levels`: default and at most `MOST_ITEMS`. A pair or a trader that nobody has seen is one that has nothing. */
export type Query =
  | { readonly type: 'top'; readonly pair: string; readonly levels?: number }
  /** Of a trader, from a sequence on (default 1), by sequence. */
  | { readonly type: 'open'; readonly trader: string; readonly from?: number; readonly limit?: number }
  | { readonly type: 'positions'; readonly trader: string }
  /** Of the whole book. */
  | { readonly type: 'totals' }
  /** The totals of one trader. */
  | { readonly type: 'trader'; readonly trader: string }
  /** How far a trader is. */
  | { readonly type: 'standing'; readonly trader: string }
  /** From a number on, or the oldest that is kept. */
  | { readonly type: 'fills'; readonly from: number; readonly limit?: number }

/** The best prices of a pair with what waits there, best first. */
export interface Top {
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
}

export interface Standing {
  /** The sequence that is expected next. Everything below it was taken, once. */
  readonly expected: number
  /** How many of those were turned down. */
  readonly rejected: number
}

export interface OpenOrder {
  readonly sequence: number
  readonly pair: string
  readonly side: Side
  readonly price: number
  /** Lots that are left. */
  readonly left: number
}

export interface Fills {
  readonly fills: readonly Fill[]
  /** The oldest that is kept: what was asked for before it is gone. */
  readonly first: number
  /** The number that the next fill to be made will have. */
  readonly next: number
}

/** What each query answers. */
export interface Answers {
  readonly top: Top
  readonly open: readonly OpenOrder[]
  readonly positions: readonly Position[]
  readonly totals: MarketTotals
  /** Null when nobody has seen it. */
  readonly trader: Totals | null
  readonly standing: Standing
  readonly fills: Fills
}

export type Answer = Answers[keyof Answers]

export function answer(market: Market, query: Query): Answer {
  switch (query.type) {
    case 'top':
      return topOf(market, query.pair, query.levels)
    case 'open':
      return openOrdersOf(market, query.trader, query.from, query.limit)
    case 'positions':
      return positionsOf(market, query.trader)
    case 'totals':
      return marketTotals(market)
    case 'trader':
      return totalsOfTrader(market, query.trader)
    case 'standing':
      return standingOf(market, query.trader)
    case 'fills':
      return fillsFrom(market, query.from, query.limit)
  }
}

export function fillsFrom({ fills }: Market, from: number, limit: number = MOST_ITEMS): Fills {
  return { fills: fills.from(from, Math.min(limit, MOST_ITEMS)), first: fills.first, next: fills.count + 1 }
}

function topOf({ pairByName }: Market, name: string, levels: number = MOST_ITEMS): Top {
  const pair = pairByName.get(name)
  const most = Math.min(levels, MOST_ITEMS)
  return { bids: pair?.buy.levels(most) ?? [], asks: pair?.sell.levels(most) ?? [] }
}

function openOrdersOf({ traderByName }: Market, name: string, from: number = 1, limit: number = MOST_ITEMS): OpenOrder[] {
  const open = traderByName.get(name)?.open.from(from, Math.min(limit, MOST_ITEMS)) ?? []
  return open.map((order) => {
    const { account: { pair }, id: { sequence }, side, price } = order // prettier-ignore
    return { sequence, pair: pair.name, side, price, left: pair[side].lotsOf(order) }
  })
}

function standingOf({ traderByName }: Market, name: string): Standing {
  const { next, rejected } = traderByName.get(name) ?? { next: 1, rejected: 0 }
  return { expected: next, rejected }
}

function positionsOf({ traderByName }: Market, name: string): Position[] {
  return Array.from(traderByName.get(name)?.accounts.values() ?? [], positionOf)
}

function totalsOfTrader({ traderByName }: Market, name: string): Totals | null {
  const trader = traderByName.get(name)
  return trader === undefined ? null : traderTotals(trader)
}
