import type { Ticket } from '@mosaik/core'

/** The part of a peer's entry that decides on bonds. */
export interface Offer {
  readonly startedAt: number
  readonly groups: ReadonlySet<string>
  readonly tickets: readonly Ticket[]
}

/** Does this entry say the same as that one, as far as bonds are concerned? */
export function isSameOffer(a: Offer, b: Offer): boolean {
  return a === b || (a.startedAt === b.startedAt && isSameSet(a.groups, b.groups) && hasSameTickets(a, b))
}

export function hasSameTickets(a: Pick<Offer, 'tickets'>, b: Pick<Offer, 'tickets'>): boolean {
  return isSameSet(new Set(a.tickets.map(({ id }) => id)), new Set(b.tickets.map(({ id }) => id)))
}

function isSameSet<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  if (a.size !== b.size) return false
  for (const item of a) if (!b.has(item)) return false
  return true
}
