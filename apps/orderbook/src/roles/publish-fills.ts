import { sleep } from '@mosaik/core'
import type { Clock } from '@mosaik/core'
import type { Consumer, Producer } from '@mosaik/node'
import type { OrderBook } from '../market/order-book.ts'
import type { Again, Published } from './protocol.ts'

export interface PublishFills {
  readonly clock: Clock
  readonly book: OrderBook
  readonly fills: Producer<Published>
  readonly agains: Consumer<Again>
}

const TICK_MS = 5
const MOST_PUBLISHED = 256
/** How often it is said how many fills there are, when there are no new ones: who misses the last ones learns it by that. */
const REMINDER_MS = 200

/**
 * Publishes each fill that is made from now on, and those before it from where somebody asks. What the leader before this one has not
 * published, those who miss it ask for. Until the signal aborts.
 */
export async function publishFills({ clock, book, fills, agains }: PublishFills, signal: AbortSignal): Promise<void> {
  let from = book.fillsFrom(Number.MAX_SAFE_INTEGER).next
  let saidAt = Number.NEGATIVE_INFINITY
  for (;;) {
    for (let again = agains.tryReceive(); again.ok; again = agains.tryReceive()) from = Math.min(from, again.datum.from)
    const found = book.fillsFrom(from, MOST_PUBLISHED)
    if (found.fills.length > 0 || clock.monotonic() - saidAt >= REMINDER_MS) {
      await fills.send(found, { signal })
      saidAt = clock.monotonic()
      from = found.fills.at(-1)?.number ?? from - 1
      from++
    }
    if (found.fills.length < MOST_PUBLISHED) await sleep(clock, TICK_MS, { signal })
  }
}
