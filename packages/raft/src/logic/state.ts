import type { PeerId, Prng } from '@mosaik/core'
import type { Audit } from './audit.ts'
import { isVoter } from './configuration.ts'
import type { Role, Standing } from './effects.ts'
import type { Founding } from './founding.ts'
import type { Lineage } from './lineage.ts'
import type { Log } from './log.ts'
import type { Meeting } from './meeting-state.ts'
import type { Verdict } from './messages.ts'
import type { CoreOptions } from './options.ts'
import type { Outbox } from './outbox.ts'
import type { Peer } from './peer.ts'
import type { Reads } from './read-index.ts'
import type { Recovery } from './recovery-state.ts'
import type { SnapshotMeta } from './snapshot.ts'
import type { Cursor, Index, LineageId, MemberId, Term } from './types.ts'

/** What only a leader has. */
export interface Leadership {
  readonly since: number
  /** The no-op (or founding entry) that opened the term. */
  readonly start: Index
  /** Hands over: to whom, and when it gives up. */
  transfer: { readonly to: PeerId; readonly until: number; sent: boolean } | undefined
  heartbeatAt: number
  /** Sessions of which a proposal was refused, and which have not begun again. */
  readonly refusing: Set<string>
  /** Roots that members have reported for a mark. */
  readonly reports: Map<PeerId, { readonly mark: Index; readonly root: string }>
  /** Lineages that it has appended a `meet` for. */
  meeting?: Set<LineageId>
  /** The newest mark whose root has been appended. */
  rooted?: Index
}

/** A voter that has no bond: since when. */
export interface Absence {
  readonly incarnation: string
  readonly since: number
  /** It said goodbye, or its peer has come back as somebody else. */
  readonly isForGood: boolean
}

/** Where a write ends, until it is durable. */
export interface PendingWrite {
  readonly write: number
  last: Index
}

/** The whole state of a core. Owned by one core; only the functions beside it change it, within a step. */
export interface State {
  /** Of these only the preference may change. */
  options: CoreOptions
  readonly prng: Prng
  readonly out: Outbox
  readonly log: Log
  /** Ticked ms. */
  now: number
  lineage: Lineage | undefined
  term: Term
  vote: MemberId | undefined
  role: Role
  leader: PeerId | undefined
  /** When a leader was last heard, or when this node last had reason to wait for one. */
  heardAt: number
  /** How long it waits this time. */
  patience: number
  /** Durable up to here. */
  stored: Index
  readonly writes: PendingWrite[]
  /** The newest write that has been asked for. */
  lastWrite: number
  commit: Index
  /** Handed to the machine. */
  applying: Index
  applied: Index
  leading: Leadership | undefined
  readonly votes: Map<PeerId, Verdict>
  readonly peers: Map<PeerId, Peer>
  readonly absences: Map<PeerId, Absence>
  readonly reads: Reads
  /** The settled snapshot, which is the boundary of what may be pruned. */
  snapshot: SnapshotMeta | undefined
  /** Own snapshots under no root yet, oldest first. */
  readonly taken: SnapshotMeta[]
  /** The newest committed root. */
  rooted: { readonly mark: Index; readonly root: string } | undefined
  installing: SnapshotMeta | undefined
  lastMark: Index
  /** Of the newest own snapshot. */
  chunks: number
  audit: Audit | undefined
  founding: Founding
  recovery: Recovery
  meeting: Meeting
  /** Leaving: since when. */
  closing: number | undefined
  /** Messages that were dropped: of another life, or of somebody who claims to lead and does not. */
  ignored: number
  /** Nothing is done any more, and why. */
  halted: string | undefined
  /** As of the last tick: how long ago each bond was alive. */
  heard: ReadonlyMap<PeerId, number> | undefined
  /** Nothing happens, and all have agreed that bonds speak for members. */
  isIdle: boolean
  /** What this node says of itself has changed. */
  hasNews: boolean
  /** A step has changed what followers should have. */
  mustReplicate: boolean
}

export function standingOf(s: State): Standing {
  if (isVoter(s.log.configuration, s.options.me)) return 'voter'
  return s.options.preference === 'observer' ? 'observer' : 'learner'
}

export function committedCursor(s: State): Cursor {
  return { index: s.commit, term: s.log.termAt(s.commit) ?? 0 }
}

/** Whether this bonded peer is the very voter that the configuration names. */
export function isVoterPeer(s: State, peer: Peer): boolean {
  return isVoter(s.log.configuration, peer.id)
}
