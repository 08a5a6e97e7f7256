import { uniqueId } from '@mosaik/core'
import type { GroupId, PeerId, StreamId, Tag, Ticket, UniqueId } from '@mosaik/core'

/** What a peer says of itself besides its version. Immutable; shared by every version that says the same. */
export interface Details {
  readonly addresses: readonly string[]
  readonly tags: ReadonlySet<Tag>
  readonly streams: ReadonlySet<StreamId>
  readonly groups: ReadonlySet<GroupId>
  /** Of `groups` those that show one: 16 hex digits. */
  readonly hints: ReadonlyMap<GroupId, string>
  readonly tickets: readonly Ticket[]
}

/** Details as they came, with the digest that a head names them by. */
export interface EncodedDetails extends Details {
  readonly id: UniqueId
  readonly bytes: Uint8Array
}

/** Which of two statements of one peer is the later one. */
export interface Version {
  readonly startedAt: number
  readonly updatedAt: number
  /** Digest of the head's bytes: orders what two clones of one key say at the same moment, so that everyone settles on one. */
  readonly id: string
}

/** The signed part of a statement, small enough to be announced. Without details the peer has departed. */
export interface Head extends Version {
  readonly id: UniqueId
  readonly peerId: PeerId
  readonly details: UniqueId | undefined
  /** The bytes as signed. They are kept and passed on, never encoded again. */
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
}

/** What a peer has signed about itself: an entry, or its departure. */
export interface Statement {
  readonly head: Head
  /** Undefined exactly when `head.details` is. */
  readonly details: EncodedDetails | undefined
}

/**
 * Total order of what one peer says: the later `updatedAt` wins, between runs as within one. Negative when `a` is older.
 */
export function compareVersions(a: Version, b: Version): number {
  if (a.updatedAt !== b.updatedAt) return a.updatedAt - b.updatedAt
  if (a.startedAt !== b.startedAt) return a.startedAt - b.startedAt
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1
}

/** Hex digits of a key: 16 bytes. */
export const KEY_DIGITS = 32

/** Where a peer stands in digests and on the ring: the first 16 bytes, in hex, of the hash of its id's text. */
export function keyOf(peerId: PeerId): string {
  return uniqueId(peerId).slice(0, KEY_DIGITS)
}
