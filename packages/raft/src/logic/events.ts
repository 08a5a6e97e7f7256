import type { PeerId } from '@mosaik/core'
import type { Message, Proposal } from './messages.ts'
import type { Preference } from './options.ts'
import type { SnapshotMeta } from './snapshot.ts'
import type { Index, MemberId } from './types.ts'

/** Everything that can happen to a core. */
export type Event =
  /**
   * Time has passed, ms. At most one heartbeat interval of it counts: time in which the node itself stood still is
   * nobody's silence. `heard`: how many ms ago the bond with each peer was last alive; the map may be shared by all
   * groups of a node. Only with it does a group in which nothing happens cease its heartbeats.
   */
  | { readonly type: 'tick'; readonly elapsed: number; readonly heard?: ReadonlyMap<PeerId, number> }
  | { readonly type: 'message'; readonly from: PeerId; readonly message: Message }
  /** This node wants entries appended, here or at the leader. Each is answered by `accepted` or `refused`, once per try, unless the leader is lost. */
  | { readonly type: 'propose'; readonly proposals: readonly Proposal[] }
  /** Everything up to this `persist` effect is durable. */
  | { readonly type: 'stored'; readonly write: number }
  /** The state machine has applied everything up to `index`. */
  | { readonly type: 'applied'; readonly index: Index }
  /** A mutually proven bond with this very member. A bond of the peer's earlier life counts as gone for good. */
  | { readonly type: 'bond-up'; readonly member: MemberId }
  | { readonly type: 'bond-down'; readonly peerId: PeerId }
  /** The snapshot that `take-snapshot` asked for is there. `chunks`: how much work that was; the more, the longer until the next. */
  | { readonly type: 'snapshot-taken'; readonly index: Index; readonly root: string; readonly chunks?: number }
  /** The state of `snapshot` has been fetched, verified and stored, and replaces the machine's. */
  | { readonly type: 'snapshot-installed'; readonly snapshot: SnapshotMeta }
  /** The fetch that `need-snapshot` asked for has failed: ask again when the leader offers again. */
  | { readonly type: 'snapshot-failed' }
  /** A linearizable read: answered by `read-ready` or `read-refused`. */
  | { readonly type: 'read'; readonly id: number }
  | { readonly type: 'cancel-read'; readonly id: number }
  /** Hand leadership to `to`, or to whoever has most. From any member. */
  | { readonly type: 'transfer'; readonly to?: PeerId | undefined }
  /** This node leads more gladly than it did. Less gladly is not taken: who has a vote keeps it until it leaves. */
  | { readonly type: 'preference'; readonly preference: Preference }
  /** Leave: hand over leadership, ask for removal, say goodbye. `departed` follows. */
  | { readonly type: 'close' }
