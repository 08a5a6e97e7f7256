import type { PeerId } from '@mosaik/core'
import type { Configuration } from './configuration.ts'
import type { Entry, ProposedData } from './entry.ts'
import type { LineageFacts } from './lineage.ts'
import type { Preference } from './options.ts'
import type { SnapshotMeta } from './snapshot.ts'
import type { Cursor, Index, LineageId, Term } from './types.ts'

/** What every message says of its sender. Who that is, the bond knows. */
export interface Envelope {
  /** The sender's history; undefined while it has none. */
  readonly lineage: LineageId | undefined
  readonly term: Term
  /** The sender's life. A message of another life than the bond's is dropped. */
  readonly incarnation: string
}

export type Message = Envelope & Content

export type Content =
  | HelloContent
  | VoteRequest
  | VoteAnswer
  | AppendContent
  | AppendAnswer
  | HeartbeatContent
  | HeartbeatAnswer
  | ReadRequest
  | ReadAnswer
  | ForwardContent
  | ForwardAnswer
  | TransferRequest
  | TimeoutNow
  | SnapshotOffer
  | SnapshotReport
  | DepartureContent
  | FoundingAsk
  | FoundingAnswer
  | AuditContent
  | MeetContent
  | FetchContent
  | FetchedContent

/** What members tell each other of themselves, when a bond comes up and when it changes. */
export interface HelloContent {
  readonly type: 'hello'
  readonly preference: Preference
  readonly durable: boolean
  /** Where the lineage comes from. */
  readonly origin: LineageFacts | undefined
  readonly last: Cursor
  readonly committed: Cursor
  /** Whether a leader is known, which means that the lineage has its quorum. */
  readonly led: boolean
  /** The newest voters known, so that who is founding or recovering knows whom it waits for. */
  readonly configuration: Configuration
}

/** Asked of voters only. `pre` asks whether it would be granted, and changes nothing (th. 9.6). */
export interface VoteRequest {
  readonly type: 'vote'
  readonly pre: boolean
  /** The term that is stood for. */
  readonly campaign: Term
  readonly last: Cursor
  /** The leader itself asked for this election, so who hears it still may grant (th. 3.10). */
  readonly transfer: boolean
}

export type Verdict = 'granted' | 'denied' | 'abstained'

export interface VoteAnswer {
  readonly type: 'vote-answer'
  readonly pre: boolean
  readonly campaign: Term
  readonly verdict: Verdict
}

export interface AppendContent {
  readonly type: 'append'
  /** What stands right before the first entry. */
  readonly previous: Cursor
  readonly entries: readonly Entry[]
  readonly commit: Index
}

/** `hint` undefined: everything up to `index` is as the leader has it, durably. Otherwise `previous` (at `index`) did not match. */
export interface AppendAnswer {
  readonly type: 'append-answer'
  readonly index: Index
  /** The last own position that may still match: try there. */
  readonly hint: Cursor | undefined
}

export interface HeartbeatContent {
  readonly type: 'heartbeat'
  /** Not beyond what the receiver is known to have. */
  readonly commit: Index
  /** Of the read index (th. 6.4): echoed by the answer. */
  readonly round: number
  /** Whether an answer is wanted: not when this only carries news of a commit. */
  readonly answer: boolean
  /** The running hash of the leader's log at `commit`. */
  readonly hash: number | undefined
  /** False from a leader that has stepped down: do not wait for it. */
  readonly leading: boolean
  /** Everybody has everything: from the answer on, a living bond counts as a heartbeat. */
  readonly idle: boolean
}

export interface HeartbeatAnswer {
  readonly type: 'heartbeat-answer'
  readonly round: number
  /** Agreed. */
  readonly idle: boolean
}

/** A follower asks for a position to read at, for all its waiting reads at once. */
export interface ReadRequest {
  readonly type: 'read'
  readonly ticket: number
}

export interface ReadAnswer {
  readonly type: 'read-answer'
  readonly ticket: number
  /** Undefined: not the leader (any more). */
  readonly index: Index | undefined
}

/** Proposals of a member on their way to the leader. */
export interface ForwardContent {
  readonly type: 'forward'
  readonly proposals: readonly Proposal[]
}

export interface Proposal {
  /** Names the proposal to who made it. */
  readonly id: number
  readonly data: ProposedData
  /**
   * From here on its member sends again whatever of this session waits, in order. After a leader has refused a proposal it refuses all
   * later ones of the same session until this comes: what was on its way behind it must not overtake it.
   */
  readonly again?: true
}

export interface ForwardAnswer {
  readonly type: 'forward-answer'
  readonly accepted: readonly { readonly id: number; readonly index: Index }[]
  readonly refused: readonly number[]
}

/** A member asks the leader to hand over. */
export interface TransferRequest {
  readonly type: 'transfer'
  readonly to: PeerId | undefined
}

/** Stand for election at once: you have everything. */
export interface TimeoutNow {
  readonly type: 'timeout-now'
}

/** What you need next is no longer in my log: install this. */
export interface SnapshotOffer {
  readonly type: 'snapshot-offer'
  readonly snapshot: SnapshotMeta
}

/** The root of my snapshot at a mark. */
export interface SnapshotReport {
  readonly type: 'snapshot-report'
  readonly mark: Index
  readonly root: string
}

/** To the leader: remove me from the voters, I am leaving. To all, at the end: I have left for good, do not wait for me. */
export interface DepartureContent {
  readonly type: 'departure'
  readonly isLeaving: boolean
}

/** May I found a lineage with you in it? With `parent`, a child of it: a recovery. */
export interface FoundingAsk {
  readonly type: 'founding'
  readonly lineageToBe: LineageId
  readonly parent: LineageId | undefined
  readonly last: Cursor
}

export interface FoundingAnswer {
  readonly type: 'founding-answer'
  readonly lineageToBe: LineageId
  readonly granted: boolean
  readonly last: Cursor
  readonly committed: Cursor
}

/** Who recovers a lineage without a leader asks a survivor for what that one has and it has not. */
export interface FetchContent {
  readonly type: 'fetch'
  /** The last entry that may be common. */
  readonly previous: Cursor
}

/** No entries and another `previous`: try there. No entries and the same: that is all. */
export interface FetchedContent {
  readonly type: 'fetched'
  readonly previous: Cursor
  readonly entries: readonly Entry[]
}

/** The running hash of my log at a committed index; `answer`: tell me yours. */
export interface AuditContent {
  readonly type: 'audit'
  readonly index: Index
  readonly hash: number
  readonly answer: boolean
}

/** What the sender's lineage says of itself, frozen in a committed `meet` entry; undefined where it has no quorum to commit one. */
export interface MeetContent {
  readonly type: 'meet'
  readonly other: LineageId
  readonly facts: LineageFacts
}
