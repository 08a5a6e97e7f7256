import { createWatch, sleep } from '@mosaik/core'
import type { Clock } from '@mosaik/core'
import type { Consumer, Producer } from '@mosaik/node'
import type { OrderBook } from '../market/order-book.ts'
import type { Again, Published } from './protocol.ts'
import type { Matchers } from './take-orders.ts'
import { untilOneEnds } from './until-one-ends.ts'

export interface PublishFills {
  readonly clock: Clock
  readonly group: Matchers
  readonly book: OrderBook
  readonly fills: Producer<Published>
  readonly agains: Consumer<Again>
}

const MOST_PUBLISHED = 256
/** How often it is said how many fills there are, when there are no new ones: who misses the last ones learns it by that. */
const REMINDER_MS = 200

/**
 * Publishes each fill that is made from now on, and those before it from where somebody asks. What the leader before this one has not
 * published, those who miss it ask for. Until the signal aborts.
 */
export async function publishFills({ clock, group, book, fills, agains }: PublishFills, signal: AbortSignal): Promise<void> {
  let from = book.fillsFrom(Number.MAX_SAFE_INTEGER).next
  let isReminderDue = true
  const news = createWatch(0)
  const tell = (): void => news.set(news.value + 1)
  await untilOneEnds(
    signal,
    async (over) => {
      for (; ; tell()) await group.position.changed({ signal: over })
    },
    async (over) => {
      for (; ; tell()) {
        const again = await agains.receive({ signal: over })
        from = Math.min(from, again.from)
      }
    },
    async (over) => {
      for (; ; tell()) {
        await sleep(clock, REMINDER_MS, { signal: over })
        isReminderDue = true
      }
    },
    async (over) => {
      for (;;) {
        const seen = news.value
        const found = book.fillsFrom(from, MOST_PUBLISHED)
        if (found.fills.length > 0 || isReminderDue) {
          from = (found.fills.at(-1)?.number ?? from - 1) + 1 // before the wait: somebody may ask meanwhile
          isReminderDue = false
          await fills.send(found, { signal: over })
        }
        if (found.fills.length < MOST_PUBLISHED) await news.until((now) => now !== seen, { signal: over })
      }
    },
  )
}
