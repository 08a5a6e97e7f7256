import type { StoreId, TicketValidator, WaitOptions } from '@mosaik/core'
import type { ConsensusOptions, Group, Index, LineageId, LogStore, SyncOptions } from '@mosaik/raft'
import type { Change } from './changes.ts'

/** What a definition says beside name and types. All members of a collection need the same, but for `storage`. */
export interface CollectionOptions {
  /** Raise it when the types change: members with another version never meet. Part of the id. A whole number from 0. */
  version?: number
  /** How late members catch up. Part of the group's id. */
  sync?: SyncOptions
  /** Only who has it too finds the collection; every member proves it. Default: whoever knows the name may join. */
  secret?: string
  /** Members must hold valid tickets for all of these. Part of the group's id. */
  requireTicket?: TicketValidator | readonly TicketValidator[]
  /** Part of the group's id. */
  consensus?: 'fast' | ConsensusOptions
  /** A store of this node, for one collection. Default: `memoryLog()`. */
  storage?: LogStore
}

/** A point in a collection's history: the same version is the same state on every member. */
export interface Version {
  /** 64 zeros while nothing is here. */
  readonly lineage: LineageId
  /** Of the log: every write takes one, and so do a few entries of the group's own. */
  readonly index: Index
}

/** A write that has been applied here. */
export interface Committed<R> {
  readonly version: Version
  readonly result: R
}

export type Write<R> = Promise<Committed<R>>

/** A collection's group, for looking at: it is written and closed through the collection. */
export type CollectionGroup = Omit<
  Group<unknown, unknown, unknown, unknown>,
  'execute' | 'executeMany' | 'feed' | 'feedMany' | 'query' | 'transferLeadership' | 'close' | typeof Symbol.asyncDispose
>

/** Each resolves at once when it already holds (`updated` never does), and rejects when the collection ends: `ERR_CLOSED`, or with what ended it. */
export interface CollectionConditions {
  /** Writes reach a leader, and what was written before is here. */
  online(options?: WaitOptions): Promise<void>
  offline(options?: WaitOptions): Promise<void>
  /** Another version than at this call is here. */
  updated(options?: WaitOptions): Promise<void>
  /**
   * This replica has everything up to there. A version of a history that this one goes on from counts as long as it is not behind the
   * fork; behind it, or in a history that has lost, it never comes: `ERR_SUPERSEDED`.
   */
  reaches(version: Version | Committed<unknown>, options?: WaitOptions): Promise<void>
}

/** What all collections have in common. `S` is what `snapshot()` gives, `C` what `changes()` tells. */
export interface Collection<S, C extends Change = Change> extends AsyncDisposable {
  readonly id: StoreId
  /** Of what is read here now. */
  readonly version: Version
  /** See `when.online`. Without it reads answer what was last known here, and writes wait. */
  readonly isOnline: boolean
  readonly group: CollectionGroup
  /** The state as it is now, for good. O(1). */
  snapshot(): S
  readonly when: CollectionConditions
  /**
   * What each write has changed, in order, from this call on. Who falls behind by more than 4 096 gets `lagged`, then the newest. Ends with
   * the collection; an abort rejects with `signal.reason`.
   */
  changes(options?: WaitOptions): AsyncIterable<C>
  /** What waits rejects `ERR_CLOSED`. With the last handle the node leaves the group. What was read stays readable. Idempotent. */
  close(): Promise<void>
}
