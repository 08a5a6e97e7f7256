import { createWatch } from '@mosaik/core'
import type { Consumer, Group, Producer } from '@mosaik/node'
import { LIMITS } from '../market/limits.ts'
import type { OrderBook } from '../market/order-book.ts'
import type { Answer, Query } from '../market/queries.ts'
import type { Command, Instruction, Reply } from '../market/types.ts'
import { MOST_SENT } from './protocol.ts'
import type { Emit, Report, Sent } from './protocol.ts'

export type Matchers = Group<Command, Query, Answer, Reply>

export interface TakeOrders {
  readonly group: Matchers
  readonly book: OrderBook
  readonly orders: Consumer<Sent>
  readonly reports: Producer<Report>
  readonly emit: Emit
}

/** Commands that were given to the group and are not applied yet. */
const UNDER_WAY = 8
/** No further datum is put into a command with more instructions and questions. */
const ENOUGH = LIMITS.instructions / 4 - MOST_SENT

/** Puts what has come into commands, in its order, and tells the senders what was taken. Until the signal aborts. */
export async function takeOrders({ group, book, orders, reports, emit }: TakeOrders, signal: AbortSignal): Promise<void> {
  const underWay = createWatch(0)
  const carryOut = async (batch: readonly Sent[]): Promise<void> => {
    underWay.set(underWay.value + 1)
    try {
      const { reply } = await group.execute(commandOf(batch), { signal })
      for (const report of reportsOn(batch, reply, book)) reports.trySend(report) // who misses one asks by sending again
    } catch (error) {
      // Whoever sent it hears nothing, and sends it again.
      if (error !== signal.reason) emit('unanswered', { reason: error instanceof Error ? error.message : String(error) })
    } finally {
      underWay.set(underWay.value - 1)
    }
  }
  for (;;) {
    await underWay.until((count) => count < UNDER_WAY, { signal })
    void carryOut(await nextBatch(orders, signal))
  }
}

async function nextBatch(orders: Consumer<Sent>, signal: AbortSignal): Promise<readonly Sent[]> {
  const batch = [await orders.receive({ signal })]
  const sizeOf = ({ asks, instructions }: Sent): number => asks.length + instructions.length
  for (let count = sizeOf(batch[0] as Sent); count < ENOUGH; count += sizeOf(batch.at(-1) as Sent)) {
    const more = orders.tryReceive()
    if (!more.ok) break
    batch.push(more.datum)
  }
  return batch
}

function commandOf(batch: readonly Sent[]): readonly Instruction[] {
  return batch.flatMap(({ instructions }) => instructions)
}

/** One for each sender. How far traders are is read here after the command was applied, so it is what a majority has. */
export function reportsOn(batch: readonly Sent[], reply: Reply, book: OrderBook): readonly Report[] {
  const exceptions = new Map('refused' in reply ? [] : reply.exceptions.map((exception) => [exception.at, exception]))
  const reports = new Map<string, { traders: Set<string>; isGap: boolean; refused: Set<string> }>()
  let at = 0
  for (const { client, asks, instructions } of batch) {
    const report = reports.get(client) ?? { traders: new Set(), isGap: false, refused: new Set() }
    reports.set(client, report)
    for (const trader of asks) report.traders.add(trader)
    for (const { trader } of instructions) {
      report.traders.add(trader)
      const exception = exceptions.get(at++)
      if (exception?.outcome === 'gap') report.isGap = true
      if (exception?.outcome === 'rejected' && exception.why === 'trader-limit') report.refused.add(trader)
    }
  }
  return Array.from(reports, ([client, { traders, isGap, refused }]) => ({
    client,
    standings: Array.from(traders, (trader) => ({ trader, ...book.read({ type: 'standing', trader }) })),
    isGap,
    refused: [...refused],
  }))
}
