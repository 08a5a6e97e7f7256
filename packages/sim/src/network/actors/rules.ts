import type { PeerEntry } from '@mosaik/discovery'
import type { ConsumerPlan, ProducerPlan } from '../plan/types.ts'
import { passValidator } from './pass.ts'

export type Ruled = Pick<ProducerPlan, 'requireTag'> & { readonly needsPass?: boolean }

/** Would an end with this plan accept a peer of this entry at this time? The dumb twin of `require` and `requireTicket`. */
export function accepts(plan: Ruled, entry: PeerEntry, now: number): boolean {
  if (plan.requireTag !== undefined && !entry.hasTag(plan.requireTag)) return false
  return plan.needsPass !== true || entry.tickets.some((ticket) => ticket.class === passValidator.class && isValid(ticket.data, entry, now))
}

function isValid(data: Uint8Array, { peerId, networkId }: PeerEntry, now: number): boolean {
  try {
    const until = passValidator.validate(data, { peerId, networkId, now })
    return until === 'never' || until > now
  } catch {
    return false
  }
}

/** A consumer's plan and a producer's, and the entries that the two nodes show of themselves: do they belong together? */
export function belong(producer: ProducerPlan, ofProducer: PeerEntry, consumer: ConsumerPlan, ofConsumer: PeerEntry, now: number): boolean {
  return accepts(producer, ofConsumer, now) && accepts(consumer, ofProducer, now)
}
