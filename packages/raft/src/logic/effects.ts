import type { PeerId } from '@mosaik/core'
import type { Configuration } from './configuration.ts'
import type { Entry } from './entry.ts'
import type { Lineage } from './lineage.ts'
import type { Message } from './messages.ts'
import type { SnapshotMeta } from './snapshot.ts'
import type { Index, LineageId, MemberId, Term } from './types.ts'

/** What must survive a restart besides entries. */
export interface HardState {
  readonly lineage: Lineage | undefined
  readonly term: Term
  /** Whom this member voted for in `term`. */
  readonly vote: MemberId | undefined
  readonly commit: Index
}

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader'
export type Standing = 'voter' | 'learner' | 'observer'
export type RefusalReason = 'no-leader' | 'busy' | 'leaving' | 'yielded'

/** Everything a core can want. Effects are run in order; a `send` waits for the write it names, which is the only other order there is. */
export type Effect =
  | PersistEffect
  | SendEffect
  | ApplyEffect
  /** Right after `index` has been applied, take a snapshot; answer with `snapshot-taken`. */
  | { readonly type: 'take-snapshot'; readonly snapshot: SnapshotMeta }
  /** Fetch this state (from several members, the leader last), install it, answer with `snapshot-installed` or `snapshot-failed`. */
  | { readonly type: 'need-snapshot'; readonly snapshot: SnapshotMeta }
  /** A majority has this root: `snapshot` is the one to keep and to serve; older ones may go. */
  | { readonly type: 'snapshot-settled'; readonly snapshot: SnapshotMeta }
  /** The store may forget entries up to here, once the settled snapshot is stored. */
  | { readonly type: 'prune'; readonly upTo: Index }
  /** A read may be answered from the applied state, which has at least `index`. */
  | { readonly type: 'read-ready'; readonly id: number; readonly index: Index }
  | { readonly type: 'read-refused'; readonly id: number; readonly reason: RefusalReason }
  /** Appended at the leader, at this index: not yet committed. */
  | { readonly type: 'accepted'; readonly id: number; readonly index: Index; readonly term: Term }
  /** Not appended by this try. */
  | { readonly type: 'refused'; readonly id: number; readonly reason: RefusalReason }
  | { readonly type: 'role'; readonly role: Role; readonly term: Term }
  | { readonly type: 'leader'; readonly leader: PeerId | undefined; readonly term: Term }
  | { readonly type: 'lineage'; readonly lineage: Lineage }
  /** The newest configuration has changed, committed or not. */
  | { readonly type: 'membership'; readonly configuration: Configuration }
  | { readonly type: 'committed'; readonly index: Index }
  /**
   * The own lineage gives way: `entries` (since the fork, as far as they are still here; those above `committed` may never have been
   * committed) are lost, but those up to `inherited` may be in another history with the same parent, or in the parent. The core does
   * nothing more: come back as a new member and join `by`.
   */
  | {
      readonly type: 'superseded'
      readonly lineage: LineageId
      readonly by: LineageId
      readonly committed: Index
      readonly inherited: Index
      readonly entries: readonly Entry[]
    }
  /** This member has dropped what it acknowledged, or must: it must come back as a new member. */
  | { readonly type: 'breach'; readonly reason: string }
  /** The log of this member is not that of the majority. Come back as a new member. */
  | { readonly type: 'diverged'; readonly index: Index; readonly peerId: PeerId }
  /** No way out: the group stops on this node. */
  | { readonly type: 'fatal'; readonly reason: string }
  /** Everything that leaving takes has been tried. */
  | { readonly type: 'departed' }

/** One write: first what is cut, then entries, then the hard state. Writes complete in order; report the last one with `stored`. */
export interface PersistEffect {
  readonly type: 'persist'
  readonly write: number
  /** Everything from this index on goes first. */
  readonly truncateFrom: Index | undefined
  readonly entries: readonly Entry[]
  readonly hardState: HardState | undefined
}

export interface SendEffect {
  readonly type: 'send'
  readonly to: PeerId
  /** Must not leave before this write is durable. */
  readonly after: number
  readonly message: Message
}

/** Hand these committed entries to the state machine, in order; report `applied`. */
export interface ApplyEffect {
  readonly type: 'apply'
  readonly entries: readonly Entry[]
}

/** What a core starts from when its store remembers. */
export interface Restored {
  readonly hardState: HardState
  readonly snapshot: SnapshotMeta | undefined
  readonly entries: readonly Entry[]
}
