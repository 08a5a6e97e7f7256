import type { PeerId, UniqueId } from '@mosaik/core'

/** The position of a log entry, of whatever kind. The first has 1; 0 means none. */
export type Index = number
/** Raft's logical time: at most one leader in each term of a lineage. */
export type Term = number
/** Names one history: everything that follows from one founding entry. */
export type LineageId = UniqueId

/** A position in a log, and whose term wrote what is there. */
export interface Cursor {
  readonly term: Term
  readonly index: Index
}

/** One life of a node in a group: whoever has forgotten what it acknowledged comes back as another member. */
export interface MemberId {
  readonly peerId: PeerId
  /** 16 hex digits, drawn at random unless a durable store restores it. */
  readonly incarnation: string
}
