import { createNetwork } from '@mosaik/node'
import type { Network } from '@mosaik/node'
import type { Fill, Instruction, OrderId } from '@mosaik/orderbook/market/types'
import { flow } from '@mosaik/orderbook/orders/flow'
import { runMatcher } from '@mosaik/orderbook/roles/matcher'
import { runObserver } from '@mosaik/orderbook/roles/observer'
import { runTrader } from '@mosaik/orderbook/roles/trader'
import { now, tell, told } from './role.ts'

export interface MarketOptions {
  readonly part: 'matcher' | 'observer' | 'trader'
  readonly bootstrap: readonly string[]
  /** Of the trader process: instructions per second. Default: as fast as they are taken. */
  readonly rate?: number
  /** How many it has: made before the clock runs, since making one costs more than sending it. Default 0. */
  readonly instructions?: number
}

/** Whose order, and when, by the machine's monotonic clock, ms. */
export type Moment = readonly [order: string, at: number]

/** What the observer's process has seen within a while. */
export interface Seen {
  readonly fills: number
  readonly seconds: number
  /** Of orders that found somebody waiting: their first fill. At most `MOST_MOMENTS`, the newest. */
  readonly moments: readonly Moment[]
}

/** What the trader's process was told to be taken, per second. */
export interface Taken {
  readonly rate: number
}

/** As the sample of the order book. */
export const FLOW = {
  seed: 'bench',
  traders: Array.from({ length: 24 }, (_, i) => `trader-${i + 1}`),
  pairs: ['APPLE/EUR', 'PEAR/EUR', 'PLUM/EUR', 'APPLE/PEAR'],
}

const MOST_MOMENTS = 65_536
const NEVER = new AbortController().signal

/** A process of the order book as its program is, and when orders were sent and fills were seen. */
export async function run({ part, bootstrap, rate, instructions = 0 }: MarketOptions): Promise<void> {
  const readyMade = Array.from(flow(FLOW).take(instructions), ({ instruction }) => instruction)
  const network = await createNetwork('bench', { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'], discovery: { bootstrap } })
  tell({ type: 'listening', addresses: network.local.addresses })
  if (part === 'matcher') await match(network)
  else if (part === 'observer') await observe(network)
  else await trade(network, readyMade, rate)
}

function match(network: Network): Promise<void> {
  return runMatcher({ network, signal: NEVER, emit: (event, { voters } = {}) => tell({ type: event, voters }) })
}

async function observe(network: Network): Promise<void> {
  let fills = 0
  const moments = new Map<string, number>()
  void serve(async ({ ms }) => {
    fills = 0
    moments.clear()
    const begun = now()
    await new Promise((resolve) => setTimeout(resolve, ms))
    const seen: Seen = { fills, seconds: (now() - begun) / 1_000, moments: [...moments].slice(-MOST_MOMENTS) }
    tell({ type: 'seen', ...seen })
  })
  const onFills = (fresh: readonly Fill[]): void => {
    const at = now()
    fills += fresh.length
    for (const { taker, buyer, seller } of fresh) {
      const order = nameOf(taker === 'buy' ? buyer : seller)
      if (!moments.has(order)) moments.set(order, at)
    }
  }
  await runObserver({ network, pairs: FLOW.pairs, signal: NEVER, emit: () => {}, onFills })
}

async function trade(network: Network, instructions: readonly Instruction[], rate?: number): Promise<void> {
  const numbers = new Map(instructions.map((instruction, i) => [nameOf(instruction), i]))
  const sent = new Float64Array(instructions.length)
  const source = async function* (): AsyncGenerator<Instruction> {
    yield* instructions
  }
  const onSend = (batch: readonly Instruction[]): void => {
    const at = now()
    for (const instruction of batch) sent[numbers.get(nameOf(instruction)) as number] ||= at
  }
  process.on('message', ({ type, orders }: { readonly type: string; readonly orders: readonly string[] }) => {
    if (type === 'when') tell({ type: 'sent', at: orders.map((order) => sent[numbers.get(order) as number]) })
  })
  let isOver = false
  const statuses: { readonly acknowledged: number; readonly at: number }[] = []
  void serve(async ({ ms }) => {
    statuses.length = 0
    await new Promise((resolve) => setTimeout(resolve, ms))
    const [first, last] = [statuses[0], statuses.at(-1)]
    if (first === undefined || last === undefined || isOver) throw new Error('there were not enough instructions')
    const taken: Taken = { rate: ((last.acknowledged - first.acknowledged) / (last.at - first.at)) * 1_000 }
    tell({ type: 'taken', ...taken })
  })
  const emit = (type: string, { acknowledged }: { readonly acknowledged?: unknown } = {}): void => {
    statuses.push({ acknowledged: Number(acknowledged), at: now() })
    tell({ type, acknowledged })
  }
  await runTrader({ network, source, signal: NEVER, emit, onSend, ...(rate !== undefined && { rate }) })
  isOver = true
}

/** Does it for each order to measure. */
async function serve(measure: (order: { readonly ms: number }) => Promise<void>): Promise<never> {
  for (;;) await measure(await told('measure'))
}

const nameOf = ({ trader, sequence }: OrderId): string => `${trader}:${sequence}`
