import type { Datum, Duration, Endpoint, GroupId, NetworkId, PeerId, TicketValidator, WaitOptions, Watch } from '@mosaik/core'
import type { Bond } from './bond/types.ts'
import type { ConsensusOptions, SyncOptions } from './group-id.ts'
import type { GroupKey } from './group-key.ts'
import type { Cursor, Index, LineageId, Term } from './logic/types.ts'
import type { LogStore } from './storage/types.ts'

export type { Bond } from './bond/types.ts'

/** Where a command stands in its group's history: the same on every member. `(index, offset)` names it. */
export interface ApplyContext {
  readonly index: Index
  /** Within its batch, from 0; a batch is one entry. */
  readonly offset: number
  readonly term: Term
  readonly groupId: GroupId
  readonly networkId: NetworkId
}

/**
 * What a group replicates. Every member applies the same commands in the same order, so `apply` must depend on nothing but
 * the state and its arguments: no clock, no randomness, no other I/O. What it throws ends the group on this node
 * (`ERR_GROUP_FAILED`); a command that cannot be carried out says so in its reply.
 */
export interface Machine<Command, Query, Result, Reply = void> {
  /** With `version` part of the group's id: members with other machines never meet. */
  readonly name: string
  /** Raise it with every change that would make members of both versions differ. */
  readonly version?: number
  /** Default of each: unchecked CBOR. */
  readonly codecs?: {
    readonly command?: Datum<Command>
    readonly query?: Datum<Query>
    readonly result?: Datum<Result>
    readonly reply?: Datum<Reply>
  }
  apply(command: Command, context: ApplyContext): Reply
  /** Changes nothing. */
  query(query: Query): Result
}

/** A machine whose state is one value. It is encoded at once, which blocks for as long as that takes: for small states. */
export interface StateMachine<Command, Query, Result, Reply = void, Snapshot = unknown> extends Machine<Command, Query, Result, Reply> {
  readonly codecs?: Machine<Command, Query, Result, Reply>['codecs'] & { readonly snapshot?: Datum<Snapshot> }
  /** The whole state. What it returns must not change when the state does. */
  snapshot(): Snapshot
  /** Replaces the whole state. */
  install(snapshot: Snapshot): void
}

/**
 * A machine whose state is items with keys, any number of them: it is read and installed a few thousand at a time, and nothing waits
 * meanwhile. The state is best held in a persistent structure, so that a view of it costs nothing.
 *
 * ```ts
 * const source = (): SnapshotSource => {
 *   const now = tree // immutable: commands to come make another one
 *   return { count: now.size, items: (from) => now.entriesFrom(from) }
 * }
 * const receiver = (): SnapshotReceiver => {
 *   let aside = emptyTree
 *   return {
 *     add: (items) => void (aside = aside.withAll(items)),
 *     commit: () => void (tree = aside),
 *   }
 * }
 * ```
 */
export interface KeyedStateMachine<Command, Query, Result, Reply = void> extends Machine<Command, Query, Result, Reply> {
  /** A view of the state as it is now, which must not change when the state does. Called after every few thousand commands. */
  source(): SnapshotSource
  /** Builds another state, beside the one that is there. */
  receiver(): SnapshotReceiver
}

/** One item of a state, encoded as every member encodes it. No two items of a state have the same key. */
export type SnapshotItem = readonly [key: Uint8Array, value: Uint8Array]

/** The items of a state at one moment. */
export interface SnapshotSource {
  readonly count: number
  /**
   * In ascending order of the keys, byte by byte, from the first that is not below `from` (default: from the first of all), which should
   * be found without looking at those before it.
   */
  items(from?: Uint8Array): Iterable<SnapshotItem>
}

/** Takes the items of a state in the order of their keys. */
export interface SnapshotReceiver {
  /** The bytes are the receiver's to keep; items that come together share memory. */
  add(items: readonly SnapshotItem[]): void
  /** That was all: from now on it is the state. Who is not told so is forgotten, and nobody has seen anything of it. */
  commit(): void
}

/** `observer`: never votes, never leads, replicates. `reluctant`: waits this many times longer before it wants to lead. Not part of the id. */
export type Preference = 'normal' | 'observer' | { reluctant: number }

export interface JoinOptions {
  key: GroupKey
  consensus?: 'fast' | ConsensusOptions
  /** One store for each group of a node. Default: `memoryLog()`. */
  storage?: LogStore
  /** Default `normal`. */
  preference?: Preference
  /** Members must hold valid tickets for all of these; part of the id. */
  requireTicket?: TicketValidator | readonly TicketValidator[]
  sync?: SyncOptions
  /**
   * What the log keeps behind a snapshot, so that a short absence costs a replay: at most so many entries (default 4 096, up to 2²⁴)
   * and bytes (default 8 MiB). A snapshot is taken when there is twice as much, later when the state is large. Not part of the id.
   */
  retention?: { entries?: number; bytes?: number }
  /**
   * Propose again what was superseded with a lost lineage, in order, each command once, however many members do. Their callers
   * still get `ERR_SUPERSEDED`, and the event comes first. Default false.
   */
  resubmit?: boolean
}

export type Standing = 'voter' | 'learner' | 'observer'

export interface Member {
  readonly peerId: PeerId
  /** 16 hex digits: another life of the same peer is another member. */
  readonly incarnation: string
  readonly standing: Standing
}

/** A member, and what is known of it just now. */
export interface MemberStatus extends Member {
  /** Whether this node has a bond with it; of itself true. */
  readonly isReachable: boolean
  /** Of the leader's entries, how many it lacks. Only the leader knows. */
  readonly lag?: number
  /** ms since the leader has heard of it. Only the leader knows; in an idle group by what all groups of the two nodes say. */
  readonly silence?: number
}

/** How a group is just now, for people to look at. */
export interface GroupStatus {
  readonly members: readonly MemberStatus[]
  /** While no leader is known: for how long, who is missing, and what happens next. */
  readonly missing: string | undefined
}

export type GroupEvent =
  | { readonly type: 'leader'; readonly leader: PeerId | undefined; readonly term: Term }
  | { readonly type: 'membership'; readonly members: readonly Member[] }
  /**
   * A history begins or is joined; with `parent`, it goes on from there after a majority was lost: what only the lost held may be missing.
   * A store that is opened again tells of its own, after those that it goes on from, as far as it still knows them.
   */
  | { readonly type: 'lineage'; readonly lineage: LineageId; readonly parent?: LineageId; readonly fork?: Index }
  /** The own history has lost against another: these commands are in neither state any more. */
  | {
      readonly type: 'superseded'
      readonly lineage: LineageId
      readonly by: LineageId
      readonly entries: readonly { readonly index: Index; readonly command: unknown }[]
    }
  /** This member's state or log is not that of the majority. */
  | { readonly type: 'diverged'; readonly peerId: PeerId; readonly index: Index }
  /** The group has ended on this node; its error is what everything that waits rejects with. */
  | { readonly type: 'failed'; readonly error: Error }
  /** The reader was too slow for this many events. */
  | { readonly type: 'lagged'; readonly missed: number }

export interface CallOptions extends WaitOptions {
  /** Default 15 s. */
  timeout?: Duration
}

/**
 * A node's place in a group. Calls reject `ERR_OFFLINE` (nothing was sent; `error.commands` has them), `ERR_UNKNOWN` (may or may not
 * come to be), `ERR_SUPERSEDED`, `ERR_CLOSED`, `ERR_GROUP_FAILED`, `ERR_STORAGE`, `ERR_TOO_LARGE` (above 16 MiB; `error.commands`), or with the signal's reason.
 */
export interface Group<Command, Query, Result, Reply> extends AsyncDisposable {
  readonly id: GroupId
  /** Undefined until this node has founded or joined one. */
  readonly lineage: LineageId | undefined
  readonly leader: PeerId | undefined
  readonly isLeader: boolean
  /** A leader is known and this node's connection to the history is up. */
  readonly isOnline: boolean
  readonly term: Term
  readonly committed: Watch<Index>
  /** What has been applied here. */
  readonly position: Watch<Cursor>
  readonly members: Watch<readonly Member[]>
  readonly bonds: Watch<readonly Bond[]>
  /** Resolves once the command has been applied here, exactly once, with what applying it replied. */
  execute(command: Command, options?: CallOptions): Promise<{ index: Index; reply: Reply }>
  /** One entry: all of them or none, in order. */
  executeMany(commands: readonly Command[], options?: CallOptions): Promise<{ index: Index; replies: readonly Reply[] }>
  /** Resolves once the leader has appended it; it may still be lost with the leader. */
  feed(command: Command, options?: CallOptions): Promise<Index>
  feedMany(commands: readonly Command[], options?: CallOptions): Promise<Index>
  /** `strong` (default): linearizable. `weak`: this node's state as it is, at `index`. */
  query(query: Query, options?: CallOptions & { consistency?: 'strong' | 'weak' }): Promise<{ result: Result; index: Index }>
  /** A picture of this moment; the watches tell of changes. */
  status(): GroupStatus
  readonly when: GroupConditions
  /** Subscribes at the call; ends with the group on this node. */
  events(options?: WaitOptions): AsyncIterable<GroupEvent>
  /**
   * From any member; to the most advanced voter unless told to whom. Resolves when the new leader is known here; `ERR_TIMEOUT`
   * after 15 s. Who has no vote yet may get one within that time, but an observer never does: `ERR_INVALID_OPTION` at once.
   */
  transferLeadership(peer?: PeerId): Promise<void>
  /** Leaves, with the last handle of this node. Idempotent. */
  close(): Promise<void>
}

/** Each resolves at once when it already holds, and rejects when the group ends or this handle is closed (`ERR_CLOSED`). */
export interface GroupConditions {
  online(options?: WaitOptions): Promise<void>
  offline(options?: WaitOptions): Promise<void>
  leaderElected(options?: WaitOptions): Promise<PeerId>
  /** Another leader than now. */
  leaderChanged(options?: WaitOptions): Promise<PeerId>
  leaderIs(peer: PeerId, options?: WaitOptions): Promise<void>
  isLeader(options?: WaitOptions): Promise<void>
  isFollower(options?: WaitOptions): Promise<void>
  /** Everything up to here is committed. */
  committed(index: Index, options?: WaitOptions): Promise<void>
}

export interface Groups extends AsyncDisposable {
  /** Of the node, for what is built on groups. */
  readonly endpoint: Endpoint
  /** Throws `ERR_INVALID_OPTION`, `ERR_MACHINE_MISMATCH` and `ERR_CLOSED`; everything else is told by the group. */
  join<Command, Query, Result, Reply>(
    options: JoinOptions & { machine: KeyedStateMachine<Command, Query, Result, Reply> },
  ): Group<Command, Query, Result, Reply>
  join<Command, Query, Result, Reply, Snapshot>(
    options: JoinOptions & { machine: StateMachine<Command, Query, Result, Reply, Snapshot> },
  ): Group<Command, Query, Result, Reply>
  /** A group that only elects. */
  join(options: JoinOptions): Group<never, never, never, never>
  close(): Promise<void>
}

export interface GroupsOptions {
  /** For proving the key over a new bond. Default 2 s. */
  handshakeTimeout?: Duration
}
