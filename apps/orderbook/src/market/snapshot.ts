import { canonical } from '@mosaik/core'
import type { SnapshotItem, SnapshotSource } from '@mosaik/raft'
import type { Waiting } from './book-side.ts'
import type { Market, Pair, Resting, Tally, Trader } from './market.ts'
import { KIND, MARKET_KEY, numberedKey, numberOfKey, orderKey, padded, placeOfKey } from './snapshot-key.ts'
import type { OrderPlace } from './snapshot-key.ts'
import type { Fill, Side } from './types.ts'

/** A state as it was, whatever the market does next. What may be large is shared with it; what is small is copied. */
interface View {
  readonly head: Uint8Array
  readonly traders: readonly (readonly [name: string, next: number, rejected: number])[]
  readonly accounts: readonly (readonly [trader: number, pair: number, tally: Tally])[]
  readonly books: readonly Readonly<Record<Side, Waiting<Resting>>>[]
  readonly fills: readonly Fill[]
  /** Numbers of traders and pairs never change. */
  readonly numberOf: (name: string, of: 'trader' | 'pair') => number
}

const SIDES = ['buy', 'sell'] as const // in the order of their keys

type Items = Iterable<SnapshotItem>

/** The state in items, see `KIND`. O(traders + accounts + fills kept) to take, some 20 ms at the limits, however many orders are open. */
export function sourceOf(market: Market): SnapshotSource {
  const view = viewOf(market)
  const orders = view.books.reduce((sum, { buy, sell }) => sum + buy.size + sell.size, 0)
  const count = 1 + view.traders.length + view.accounts.length + orders + view.fills.length
  return { count, items: (from = MARKET_KEY) => itemsFrom(view, from.length === 0 ? MARKET_KEY : from) }
}

function viewOf(market: Market): View {
  const { traders, pairs, accounts, fills, traderByName, pairByName, arrivals, duplicates, gaps } = market
  return {
    head: canonical([pairs.map(({ name }) => name), arrivals, fills.count, duplicates, gaps]),
    traders: traders.map(({ name, next, rejected }) => [name, next, rejected]),
    accounts: accounts.map(({ trader, pair, tally }) => [trader.number, pair.number, { ...tally }]),
    books: pairs.map(({ buy, sell }) => ({ buy: buy.view(), sell: sell.view() })),
    fills: fills.from(fills.first, Number.POSITIVE_INFINITY),
    numberOf: (name, of) => ((of === 'trader' ? traderByName : pairByName).get(name) as Trader | Pair).number,
  }
}

function* itemsFrom(view: View, from: Uint8Array): Generator<SnapshotItem, void, undefined> {
  const [first = 0] = from
  const start = padded(from)
  const sections: Record<number, (start?: Uint8Array) => Items> = {
    [KIND.market]: () => [[MARKET_KEY, view.head]],
    [KIND.trader]: (at) => numbered(KIND.trader, view.traders, 0, at, canonical),
    [KIND.account]: (at) => numbered(KIND.account, view.accounts, 0, at, encodeAccount),
    [KIND.order]: (at) => orderItems(view, at && placeOfKey(at)),
    [KIND.fill]: (at) => numbered(KIND.fill, view.fills, view.fills[0]?.number ?? 0, at, (fill) => encodeFill(fill, view)),
  }
  for (let kind = first; kind <= KIND.fill; kind++) {
    for (const item of sections[kind]?.(kind === first ? start : undefined) ?? []) if (Buffer.compare(item[0], from) >= 0) yield item
  }
}

/** Of a list whose numbers begin with `first`. */
function* numbered<T>(
  kind: number,
  list: readonly T[],
  first: number,
  start: Uint8Array | undefined,
  encode: (item: T) => Uint8Array,
): Items {
  const from = start === undefined ? 0 : Math.max(0, numberOfKey(start) - first)
  for (let i = from; i < list.length; i++) yield [numberedKey(kind, first + i), encode(list[i] as T)]
}

function* orderItems({ books }: View, start: OrderPlace | undefined): Items {
  for (let pair = start?.pair ?? 0; pair < books.length; pair++) {
    for (const side of SIDES) {
      const isFirst = pair === start?.pair
      if (isFirst && start.side === 'sell' && side === 'buy') continue
      const waiting = (books[pair] as View['books'][number])[side].entries(isFirst && start.side === side ? start : undefined)
      for (const [{ price, arrival, id, account }, lots] of waiting) {
        yield [orderKey({ pair, side, price, arrival }), canonical([account.trader.number, id.sequence, lots])]
      }
    }
  }
}

function encodeAccount([trader, pair, tally]: View['accounts'][number]): Uint8Array {
  const { orders, filled, cancelled, fills, lotsOrdered, lotsBought, lotsSold, lotsCancelled, paid, received } = tally
  return canonical([trader, pair, orders, filled, cancelled, fills, lotsOrdered, lotsBought, lotsSold, lotsCancelled, paid, received])
}

function encodeFill({ pair, price, quantity, buyer, seller, taker }: Fill, { numberOf }: View): Uint8Array {
  const [from, to] = [numberOf(seller.trader, 'trader'), numberOf(buyer.trader, 'trader')]
  return canonical([numberOf(pair, 'pair'), price, quantity, to, buyer.sequence, from, seller.sequence, taker])
}
