import type { PeerId } from '@mosaik/core'
import type { Catalog, PeerEntry } from '@mosaik/discovery'

/** Does this entry say the same as that one? A newer date alone is no news; a new run of the node is. */
export function sameContent(a: PeerEntry, b: PeerEntry): boolean {
  if (a === b) return true
  return (
    a.startedAt === b.startedAt &&
    a.signed === b.signed &&
    sameSet(a.tags, b.tags) &&
    sameSet(a.streams, b.streams) &&
    sameSet(a.groups, b.groups) &&
    sameSet(new Set(a.addresses), new Set(b.addresses)) &&
    sameSet(new Set(a.tickets.map((ticket) => ticket.id)), new Set(b.tickets.map((ticket) => ticket.id)))
  )
}

function sameSet<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  if (a.size !== b.size) return false
  for (const item of a) if (!b.has(item)) return false
  return true
}

/** One peer's entry, new or changed (`entry`), or gone. */
export interface EntryChange {
  readonly peerId: PeerId
  readonly entry: PeerEntry | undefined
}

/** Brings `known` up to the catalog and answers what was different. Costs one look at each entry, whoever follows. */
export function updateKnown(known: Map<PeerId, PeerEntry>, catalog: Catalog): EntryChange[] {
  const changes: EntryChange[] = []
  const present = new Set<PeerId>()
  for (const entry of catalog) {
    present.add(entry.peerId)
    if (known.get(entry.peerId) === entry) continue
    known.set(entry.peerId, entry)
    changes.push({ peerId: entry.peerId, entry })
  }
  if (present.size === known.size) return changes
  for (const peerId of known.keys()) {
    if (present.has(peerId)) continue
    known.delete(peerId)
    changes.push({ peerId, entry: undefined })
  }
  return changes
}
