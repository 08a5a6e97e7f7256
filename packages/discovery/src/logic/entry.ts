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
  const { addresses, tags, streams, groups, hints, tickets } = details
  return Object.freeze({
    peerId: parts.peerId,
    networkId: parts.networkId,
    addresses,
    tags,
    streams,
    groups,
    ...(hints.size > 0 && { hints }),
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
  readonly hints?: Iterable<readonly [UniqueId, string]>
  readonly tickets: Iterable<Details['tickets'][number]>
}): Details {
  return Object.freeze({
    addresses: Object.freeze([...new Set(parts.addresses)]),
    tags: new Set(parts.tags),
    streams: new Set(parts.streams),
    groups: new Set(parts.groups),
    hints: new Map(parts.hints),
    tickets: Object.freeze([...parts.tickets]),
  })
}
