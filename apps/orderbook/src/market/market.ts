import { BookSide } from './book-side.ts'
import type { Place } from './book-side.ts'
import { FillRing } from './fill-ring.ts'
import type { Limits } from './limits.ts'
import { OpenOrders } from './open-orders.ts'
import type { OrderId, Side } from './types.ts'

export interface Trader {
  /** In the order of their first instructions, from 0. */
  readonly number: number
  readonly name: string
  /** The sequence that is expected. */
  next: number
  rejected: number
  readonly accounts: Map<Pair, Account>
  readonly open: OpenOrders
}

export interface Pair {
  /** In the order of their first orders, from 0. */
  readonly number: number
  readonly name: string
  readonly buy: BookSide<Resting>
  readonly sell: BookSide<Resting>
}

/** What a trader has done in a pair. Counts are safe integers, sums of lots and ticks bigints. Nothing ever decreases. */
export interface Tally {
  orders: number
  /** Orders without a lot left. */
  filled: number
  /** Orders taken out of the book before that. */
  cancelled: number
  /** Two for a fill with oneself. */
  fills: number
  lotsOrdered: bigint
  lotsBought: bigint
  lotsSold: bigint
  lotsCancelled: bigint
  /** Price times quantity of what was bought. */
  paid: bigint
  received: bigint
}

export interface Account {
  readonly trader: Trader
  readonly pair: Pair
  readonly tally: Tally
}

/** An order in the book. How many lots are left of it, its side knows. */
export interface Resting extends Place {
  readonly account: Account
  readonly id: OrderId
  readonly side: Side
}

/** All that a machine knows. */
export interface Market {
  readonly limits: Limits
  readonly traders: Trader[]
  readonly traderByName: Map<string, Trader>
  readonly pairs: Pair[]
  readonly pairByName: Map<string, Pair>
  /** In the order of their first orders. */
  readonly accounts: Account[]
  readonly fills: FillRing
  /** Orders that were ever taken, those that were filled at once among them: each has its place in time. */
  arrivals: number
  openOrders: number
  duplicates: number
  gaps: number
}

export function createMarket(limits: Limits): Market {
  return {
    limits,
    traders: [],
    traderByName: new Map(),
    pairs: [],
    pairByName: new Map(),
    accounts: [],
    fills: new FillRing(limits.fillsKept),
    arrivals: 0,
    openOrders: 0,
    duplicates: 0,
    gaps: 0,
  }
}

export function addTrader({ traders, traderByName }: Market, name: string): Trader {
  const trader: Trader = { number: traders.length, name, next: 1, rejected: 0, accounts: new Map(), open: new OpenOrders() }
  traders.push(trader)
  traderByName.set(name, trader)
  return trader
}

export function addPair({ pairs, pairByName }: Market, name: string): Pair {
  const pair: Pair = { number: pairs.length, name, buy: new BookSide('buy'), sell: new BookSide('sell') }
  pairs.push(pair)
  pairByName.set(name, pair)
  return pair
}

export function addAccount({ accounts }: Market, trader: Trader, pair: Pair, tally: Tally = emptyTally()): Account {
  const account: Account = { trader, pair, tally }
  accounts.push(account)
  trader.accounts.set(pair, account)
  return account
}

/** Lets an order wait with so many lots. */
export function addResting(market: Market, order: Resting, lots: number): void {
  const { trader, pair } = order.account
  pair[order.side].add(order, lots)
  trader.open.add(order)
  market.openOrders++
}

/** Takes lots from an order that waits, and with the last of them the order. */
export function takeFromResting(market: Market, order: Resting, lots: number, left: number): void {
  const { trader, pair } = order.account
  pair[order.side].take(order, lots, left)
  if (left > 0) return
  trader.open.delete(order.id.sequence)
  market.openOrders--
}

function emptyTally(): Tally {
  return {
    orders: 0,
    filled: 0,
    cancelled: 0,
    fills: 0,
    lotsOrdered: 0n,
    lotsBought: 0n,
    lotsSold: 0n,
    lotsCancelled: 0n,
    paid: 0n,
    received: 0n,
  }
}
