import type { Account, Market, Trader } from './market.ts'

/** What was done, of one trader or of all. Lots and values are bigints: they outgrow 2⁵³. */
export interface Totals {
  /** Instructions that were taken: orders, cancels, and those that were rejected. */
  readonly instructions: number
  readonly orders: number
  /** Orders in the book, without a lot left, and taken out of the book before that. The last is also the number of cancels. */
  readonly ordersOpen: number
  readonly ordersFilled: number
  readonly ordersCancelled: number
  readonly rejected: number
  readonly lotsOrdered: bigint
  readonly lotsOpen: bigint
  readonly lotsBought: bigint
  readonly lotsSold: bigint
  readonly lotsCancelled: bigint
  /** Of one trader: a fill with oneself is two. Of all: each fill once. */
  readonly fills: number
  /** Price times quantity of these fills, in ticks. */
  readonly notional: bigint
}

/** Of the whole book, for ever. */
export interface MarketTotals extends Totals {
  /** Instructions that came again, or too early, and were ignored. */
  readonly duplicates: number
  readonly gaps: number
  readonly traders: number
  readonly pairs: number
}

/** What a trader has of a pair, by its fills. Over all traders both add up to 0. */
export interface Position {
  readonly pair: string
  /** Lots bought less lots sold. */
  readonly base: bigint
  /** Received less paid, in ticks. */
  readonly quote: bigint
}

/** O(accounts). */
export function marketTotals({ traders, accounts, pairs, fills, openOrders, duplicates, gaps }: Market): MarketTotals {
  const sums = totalsOf(traders, accounts)
  const both = { ordersOpen: openOrders, fills: fills.count, notional: sums.notional / 2n }
  return { ...sums, ...both, duplicates, gaps, traders: traders.length, pairs: pairs.length }
}

export function traderTotals(trader: Trader): Totals {
  return totalsOf([trader], trader.accounts.values())
}

export function positionOf({ pair, tally }: Account): Position {
  return { pair: pair.name, base: tally.lotsBought - tally.lotsSold, quote: tally.received - tally.paid }
}

/** `fills` and `notional` count both sides of each fill. */
export function totalsOf(traders: Iterable<Trader>, accounts: Iterable<Account>): Totals {
  let [instructions, rejected, orders, filled, cancelled, fills] = [0, 0, 0, 0, 0, 0]
  let [ordered, bought, sold, lotsCancelled, notional] = [0n, 0n, 0n, 0n, 0n]
  for (const trader of traders) {
    instructions += trader.next - 1
    rejected += trader.rejected
  }
  for (const { tally } of accounts) {
    orders += tally.orders
    filled += tally.filled
    cancelled += tally.cancelled
    fills += tally.fills
    ordered += tally.lotsOrdered
    bought += tally.lotsBought
    sold += tally.lotsSold
    lotsCancelled += tally.lotsCancelled
    notional += tally.paid + tally.received
  }
  return {
    instructions,
    orders,
    ordersOpen: orders - filled - cancelled,
    ordersFilled: filled,
    ordersCancelled: cancelled,
    rejected,
    lotsOrdered: ordered,
    lotsOpen: ordered - bought - sold - lotsCancelled,
    lotsBought: bought,
    lotsSold: sold,
    lotsCancelled,
    fills,
    notional,
  }
}
