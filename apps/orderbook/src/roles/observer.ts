import { sleep } from '@mosaik/core'
import type { Clock } from '@mosaik/core'
import type { Consumer, Network, Producer } from '@mosaik/node'
import { createOrderBook } from '../market/order-book.ts'
import type { OrderBook } from '../market/order-book.ts'
import type { Fill } from '../market/types.ts'
import { FillLog } from './fill-log.ts'
import { Agains, CONSENSUS, Fills, LastPrices, marketKey, Positions } from './protocol.ts'
import type { Again, Emit, Published } from './protocol.ts'
import { untilOneEnds } from './until-one-ends.ts'

export interface ObserverOptions {
  readonly network: Network
  /** Pairs whose best prices are told. */
  readonly pairs: readonly string[]
  readonly signal: AbortSignal
  /** Gets `status` ten times a second, and `lost` with how many when fills are kept by nobody any more. */
  readonly emit: Emit
  /** Each fill, once and in order. */
  readonly onFills?: (fills: readonly Fill[]) => void
}

const STATUS_MS = 100
const CHECK_MS = 50
/** A question is asked again after so long. */
const ASK_MS = 500

/**
 * Sees all fills on their stream, best prices in a replica of the book, and what the views say. Runs until the signal aborts, and rejects with its reason, or with
 * what ended the group on this node.
 */
export async function runObserver(options: ObserverOptions): Promise<void> {
  const { network, signal } = options
  const { streams, collections } = network
  const { clock } = network.discovery.endpoint
  const book = createOrderBook()
  await using group = network.groups.join({ key: marketKey(), machine: book, consensus: CONSENSUS, preference: 'observer' })
  await using prices = collections.reader(LastPrices)
  await using positions = collections.reader(Positions)
  await using fills = streams.consume(Fills)
  await using agains = streams.produce(Agains)
  const log = new FillLog()
  const status = (): Record<string, unknown> => ({
    leader: group.leader,
    members: group.members.value.length,
    fills: log.seen,
    lots: log.lots,
    notional: log.notional,
    lost: log.lost,
    repeated: log.repeated,
    top: topOf(book, options.pairs),
    prices: Object.fromEntries(Object.entries(prices.get() ?? {}).map(([pair, { price }]) => [pair, price])),
    positions: positions.size,
  })
  await untilOneEnds(
    signal,
    (over) => see(fills, log, options, over),
    (over) => ask(clock, log, agains, over),
    async (over) => {
      for (;;) {
        options.emit('status', status())
        await sleep(clock, STATUS_MS, { signal: over })
      }
    },
  )
}

async function see(fills: Consumer<Published>, log: FillLog, { emit, onFills }: ObserverOptions, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { fresh, lost } = log.take(await fills.receive({ signal }))
    if (lost > 0) emit('lost', { fills: lost, before: log.next - fresh.length })
    if (fresh.length > 0) onFills?.(fresh)
  }
}

/** For what has been published elsewhere, or by a leader that is no more. */
async function ask(clock: Clock, log: FillLog, agains: Producer<Again>, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(clock, CHECK_MS, { signal })
    if (!log.isBehind) continue
    const from = log.next
    await sleep(clock, CHECK_MS, { signal }) // they may be under way
    if (log.next !== from) continue
    if (agains.trySend({ from }).ok) await sleep(clock, ASK_MS, { signal })
  }
}

function topOf(book: OrderBook, pairs: readonly string[]): Record<string, unknown> {
  const best = pairs.map((pair) => {
    const { bids, asks } = book.read({ type: 'top', pair, levels: 1 })
    return [pair, { bid: bids[0]?.price, ask: asks[0]?.price }] as const
  })
  return Object.fromEntries(best)
}
