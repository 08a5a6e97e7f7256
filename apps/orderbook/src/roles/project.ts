import { isDeepStrictEqual } from 'node:util'
import { MosaikError, sleep } from '@mosaik/core'
import type { Clock } from '@mosaik/core'
import type { Network, WriterOf } from '@mosaik/node'
import type { OrderBook } from '../market/order-book.ts'
import { LastPrices, Open, Positions } from './protocol.ts'
import type { Emit, Prices } from './protocol.ts'

/** What everyone may read of the market without being a matcher. */
export interface Views extends AsyncDisposable {
  readonly positions: WriterOf<typeof Positions>
  readonly open: WriterOf<typeof Open>
  readonly prices: WriterOf<typeof LastPrices>
}

export interface Project {
  readonly clock: Clock
  readonly book: OrderBook
  readonly views: Views
  readonly emit: Emit
}

const EVERY_MS = 100
/** Traders that are looked at each time. */
const TRADERS = 256
/** Open orders that are shown of a trader. */
const SHOWN = 16

/** A matcher keeps them open whether or not it leads: it holds what they say. */
export function openViews({ collections }: Network): Views {
  const [positions, open, prices] = [collections.writer(Positions), collections.writer(Open), collections.writer(LastPrices)]
  return {
    positions,
    open,
    prices,
    [Symbol.asyncDispose]: async () => void (await Promise.all([positions.close(), open.close(), prices.close()])),
  }
}

/**
 * Writes what differs from the book, absolute values only, 256 traders at a time. So it does not matter what a leader before this one has written,
 * not even when that arrives late: it differs, and is written again. Until the signal aborts.
 */
export async function project({ clock, book, views, emit }: Project, signal: AbortSignal): Promise<void> {
  const prices = new PricesSoFar(book)
  let from = 0
  for (;;) {
    const traders = book.traders(from, TRADERS)
    from = traders.length < TRADERS ? 0 : from + TRADERS
    const writes = await Promise.allSettled([
      ...positionsOf(book, views, traders, signal),
      ...openOf(book, views, traders, signal),
      ...pricesOf(prices, views, signal),
    ])
    signal.throwIfAborted()
    const failed = writes.find((write) => write.status === 'rejected')
    if (failed !== undefined) emit('view-late', { reason: MosaikError.is(failed.reason) ? failed.reason.code : String(failed.reason) })
    await sleep(clock, EVERY_MS, { signal })
  }
}

type Writes = readonly Promise<unknown>[]

function positionsOf(book: OrderBook, { positions }: Views, traders: readonly string[], signal: AbortSignal): Writes {
  const entries = traders.flatMap((trader) =>
    book.read({ type: 'positions', trader }).map(({ pair, base, quote }) => [[trader, pair], { base, quote }] as const),
  )
  const changed = entries.filter(([key, value]) => !isDeepStrictEqual(positions.get(key), value))
  return changed.length === 0 ? [] : [positions.extend(changed, { signal })]
}

function openOf(book: OrderBook, { open }: Views, traders: readonly string[], signal: AbortSignal): Writes {
  const entries = traders.map((trader) => {
    const count = book.read({ type: 'trader', trader })?.ordersOpen ?? 0
    return [trader, { count, oldest: book.read({ type: 'open', trader, limit: SHOWN }) }] as const
  })
  const changed = entries.filter(([trader, value]) => !isDeepStrictEqual(open.get(trader), value))
  return changed.length === 0 ? [] : [open.extend(changed, { signal })]
}

/** Replaces what was seen here: an older leader that still writes does not see what this one has written. */
function pricesOf(prices: PricesSoFar, views: Views, signal: AbortSignal): Writes {
  const before = views.prices.get()
  const now = prices.with(before)
  return isDeepStrictEqual(before, now) ? [] : [views.prices.compareExchange(before, now, { signal })]
}

/** The newest price of each pair, as far as fills are kept, and what the Cell says of older ones. */
class PricesSoFar {
  readonly #book: OrderBook
  readonly #prices = new Map<string, Prices[string]>()
  #next = 1

  constructor(book: OrderBook) {
    this.#book = book
  }

  with(before: Prices = {}): Prices {
    for (let { fills } = this.#book.fillsFrom(this.#next); fills.length > 0; { fills } = this.#book.fillsFrom(this.#next)) {
      for (const { number, pair, price } of fills) {
        this.#prices.set(pair, { price, fill: number })
        this.#next = number + 1
      }
    }
    const now = new Map(Object.entries(before))
    for (const [pair, price] of this.#prices) if (price.fill >= (now.get(pair)?.fill ?? 0)) now.set(pair, price)
    return Object.fromEntries(now) // which takes any name, '__proto__' too
  }
}
