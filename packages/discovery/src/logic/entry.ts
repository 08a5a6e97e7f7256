import { uniqueId } from '@mosaik/core'
import type { NetworkId, PeerId, UniqueId } from '@mosaik/core'
import type { PeerEntry } from '../types.ts'
import type { Details } from './statement.ts'

interface EntryParts {
  readonly peerId: PeerId
  readonly networkId: NetworkId
  readonly startedAt: number
  readonly updatedAt: number
  readonly signed: boolean
}

/** The immutable object that users see. Plain data and one function, so that `{ ...entry, rtt }` is a whole entry too. */
export function createEntry(parts: EntryParts, details: Details): PeerEntry {
  const { addresses, tags, streams, groups, tickets } = details
  return Object.freeze({
    peerId: parts.peerId,
    networkId: parts.networkId,
    addresses,
    tags,
    streams,
    groups,
    tickets,
    startedAt: parts.startedAt,
    updatedAt: parts.updatedAt,
    signed: parts.signed,
    hasTag: (text: string) => tags.has(uniqueId(text)),
  })
}

/** Details whose parts are frozen and free of duplicates. */
export function freezeDetails(parts: {
  readonly addresses: Iterable<string>
  readonly tags: Iterable<UniqueId>
  readonly streams: Iterable<UniqueId>
  readonly groups: Iterable<UniqueId>
  readonly tickets: Iterable<Details['tickets'][number]>
}): Details {
  return Object.freeze({
    addresses: Object.freeze([...new Set(parts.addresses)]),
    tags: new Set(parts.tags),
    streams: new Set(parts.streams),
    groups: new Set(parts.groups),
    tickets: Object.freeze([...parts.tickets]),
  })
}
