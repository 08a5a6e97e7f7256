import type { Account, Market, Pair } from './market.ts'
import { marketTotals, positionOf, totalsOf } from './sums.ts'

type Equal = (what: string, one: number | bigint, other: number | bigint) => void

interface Open {
  readonly orders: number
  readonly lots: bigint
}

const NONE: Open = { orders: 0, lots: 0n }

/**
 * Every sum that must hold and does not, in words; none in a market that is sound. Looks at every order that is open: for tests, and
 * for a last look before a program ends.
 */
export function brokenSums(market: Market): string[] {
  const broken: string[] = []
  const equal: Equal = (what, one, other) => {
    if (one !== other) broken.push(`${what}: ${one} is not ${other}`)
  }
  const totals = marketTotals(market)
  equal('instructions = orders + cancels + rejected', totals.instructions, totals.orders + totals.ordersCancelled + totals.rejected)
  equal('orders = arrivals', totals.orders, market.arrivals)
  equal('orders waiting = taken - filled - cancelled', totals.ordersOpen, totals.orders - totals.ordersFilled - totals.ordersCancelled)
  equal('lots bought = lots sold', totals.lotsBought, totals.lotsSold)
  equal('fills of buyers and sellers = 2 x fills', totalsOf([], market.accounts).fills, 2 * totals.fills)
  for (const trader of market.traders) {
    equal(
      `${trader.name}: orders waiting = taken - filled - cancelled`,
      trader.open.size,
      totalsOf([trader], trader.accounts.values()).ordersOpen,
    )
  }
  for (const [pair, accounts] of Map.groupBy(market.accounts, (account) => account.pair)) checkPair(pair, accounts, equal, broken)
  return broken
}

function checkPair(pair: Pair, accounts: readonly Account[], equal: Equal, broken: string[]): void {
  const open = openInBook(pair)
  let [base, quote] = [0n, 0n]
  for (const account of accounts) {
    const { ordersOpen, lotsOpen } = totalsOf([], [account])
    const { orders, lots } = open.get(account) ?? NONE
    const where = `${account.trader.name} in ${pair.name}`
    equal(`${where}: orders in the book = taken - filled - cancelled`, orders, ordersOpen)
    equal(`${where}: lots in the book = ordered - bought - sold - cancelled`, lots, lotsOpen)
    const position = positionOf(account)
    base += position.base
    quote += position.quote
  }
  equal(`${pair.name}: positions in lots add up to 0`, base, 0n)
  equal(`${pair.name}: positions in ticks add up to 0`, quote, 0n)
  for (const side of ['buy', 'sell'] as const) {
    const levels = pair[side].levels(Number.POSITIVE_INFINITY)
    const waiting = [...pair[side].view().entries()]
    equal(`${pair.name}: ${side} orders by price = by order`, sum(levels.map(({ orders }) => BigInt(orders))), BigInt(waiting.length))
    equal(
      `${pair.name}: ${side} lots by price = by order`,
      sum(levels.map(({ lots }) => lots)),
      sum(waiting.map(([, lots]) => BigInt(lots))),
    )
  }
  const [bid, ask] = [pair.buy.best()?.price ?? 0, pair.sell.best()?.price ?? Number.POSITIVE_INFINITY]
  if (bid >= ask) broken.push(`${pair.name}: somebody waits at ${bid} for what is offered at ${ask}`)
}

function openInBook({ buy, sell }: Pair): ReadonlyMap<Account, Open> {
  const open = new Map<Account, Open>()
  for (const side of [buy, sell]) {
    for (const [{ account }, left] of side.view().entries()) {
      const { orders, lots } = open.get(account) ?? NONE
      open.set(account, { orders: orders + 1, lots: lots + BigInt(left) })
    }
  }
  return open
}

function sum(parts: readonly bigint[]): bigint {
  return parts.reduce((total, part) => total + part, 0n)
}
