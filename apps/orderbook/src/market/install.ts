import { decodeCanonical } from '@mosaik/core'
import type { SnapshotItem, SnapshotReceiver } from '@mosaik/raft'
import type { Limits } from './limits.ts'
import { addAccount, addPair, addResting, addTrader, createMarket } from './market.ts'
import type { Account, Market, Pair, Trader } from './market.ts'
import { KIND, numberOfKey, placeOfKey } from './snapshot-key.ts'
import type { OrderPlace } from './snapshot-key.ts'
import type { Side } from './types.ts'

type Head = [pairs: string[], arrivals: number, fills: number, duplicates: number, gaps: number]
type TraderRow = [name: string, next: number, rejected: number]
type AccountRow = [
  trader: number, pair: number, orders: number, filled: number, cancelled: number, fills: number,
  lotsOrdered: bigint, lotsBought: bigint, lotsSold: bigint, lotsCancelled: bigint, paid: bigint, received: bigint,
] // prettier-ignore
type OrderRow = [trader: number, sequence: number, lots: number]
type FillRow = [
  pair: number, price: number, quantity: number, buyer: number, buyerSequence: number, seller: number, sellerSequence: number, taker: Side,
] // prettier-ignore

/** Builds another market aside. `replace` gets it when it is whole. */
export function receiverOf(limits: Limits, replace: (market: Market) => void): SnapshotReceiver {
  const market = createMarket(limits)
  return {
    add: (items) => {
      for (const item of items) restore(market, item)
    },
    commit: () => replace(market),
  }
}

function restore(market: Market, [key, value]: SnapshotItem): void {
  const row: unknown = decodeCanonical(value)
  switch (key[0]) {
    case KIND.market:
      return restoreHead(market, row as Head)
    case KIND.trader:
      return restoreTrader(market, row as TraderRow)
    case KIND.account:
      return restoreAccount(market, row as AccountRow)
    case KIND.order:
      return restoreOrder(market, placeOfKey(key), row as OrderRow)
    case KIND.fill:
      return restoreFill(market, numberOfKey(key), row as FillRow)
    default:
      throw new Error(`an item of a market has no kind ${key[0]}`)
  }
}

function restoreHead(market: Market, [pairs, arrivals, fills, duplicates, gaps]: Head): void {
  for (const name of pairs) addPair(market, name)
  market.fills.count = fills
  Object.assign(market, { arrivals, duplicates, gaps })
}

function restoreTrader(market: Market, [name, next, rejected]: TraderRow): void {
  Object.assign(addTrader(market, name), { next, rejected })
}

function restoreAccount(market: Market, row: AccountRow): void {
  const [trader, pair, orders, filled, cancelled, fills, lotsOrdered, lotsBought, lotsSold, lotsCancelled, paid, received] = row
  const tally = { orders, filled, cancelled, fills, lotsOrdered, lotsBought, lotsSold, lotsCancelled, paid, received }
  addAccount(market, traderAt(market, trader), pairAt(market, pair), tally)
}

function restoreOrder(market: Market, { pair, side, price, arrival }: OrderPlace, [trader, sequence, lots]: OrderRow): void {
  const { name, accounts } = traderAt(market, trader)
  const account = accounts.get(pairAt(market, pair)) as Account
  addResting(market, { account, id: { trader: name, sequence }, side, price, arrival }, lots)
}

function restoreFill(market: Market, number: number, row: FillRow): void {
  const [pair, price, quantity, buyer, buyerSequence, seller, sellerSequence, taker] = row
  market.fills.put({
    number,
    pair: pairAt(market, pair).name,
    price,
    quantity,
    buyer: { trader: traderAt(market, buyer).name, sequence: buyerSequence },
    seller: { trader: traderAt(market, seller).name, sequence: sellerSequence },
    taker,
  })
}

function traderAt({ traders }: Market, number: number): Trader {
  return traders[number] as Trader
}

function pairAt({ pairs }: Market, number: number): Pair {
  return pairs[number] as Pair
}
