import { sleep } from '@mosaik/core'
import type { Network } from '@mosaik/node'
import type { Instruction } from '../market/types.ts'
import { Orders, Reports } from './protocol.ts'
import type { Emit } from './protocol.ts'
import type { Source } from './read-ahead.ts'
import { Sender } from './sender.ts'
import type { TraderTotals } from './sender.ts'
import { untilOneEnds } from './until-one-ends.ts'

export interface TraderOptions {
  readonly network: Network
  /** Read once, to its end, up to 2 048 instructions ahead. See `generated` and `fromFile`. */
  readonly source: Source<Instruction>
  /** Instructions per second. Default: as fast as they are taken. */
  readonly rate?: number
  readonly signal: AbortSignal
  /** Gets `status` twice a second. */
  readonly emit: Emit
  /** Gets what is about to be sent, also what is sent again. */
  readonly onSend?: (instructions: readonly Instruction[]) => void
}

const STATUS_MS = 500

/**
 * Sends each instruction until it was taken, which happens once, however often it is sent. Resolves when all were. What the market has had
 * before, by trader and sequence, is counted and not sent. Rejects with what the source throws, when everything before that was taken; with
 * `ERR_TIMEOUT` when something waits and nothing was acknowledged for 60 s; with `ERR_TRADER_LIMIT` when there is no room for a trader; and
 * with the signal's reason.
 */
export async function runTrader(options: TraderOptions): Promise<TraderTotals> {
  const { network, source, rate = Number.POSITIVE_INFINITY, signal, emit, onSend = () => {} } = options
  const { clock } = network.discovery.endpoint
  const client = network.local.id
  const sender = new Sender({ clock, client, source, rate, onSend })
  await using orders = network.streams.produce(Orders)
  await using reports = network.streams.consume(Reports, { where: { client } })
  await untilOneEnds(
    signal,
    (over) => sender.send(orders, over),
    (over) => sender.listen(reports, over),
    (over) => sender.watch(orders, over),
    async (over) => {
      for (;;) {
        emit('status', { ...sender.totals })
        await sleep(clock, STATUS_MS, { signal: over })
      }
    },
  )
  return sender.totals
}
