import type { Configuration } from './configuration.ts'
import type { Cursor, Index, LineageId, MemberId, Term } from './types.ts'

/** One entry of a log. Together with the lineage, (index, term) names it for ever. */
export interface Entry {
  readonly index: Index
  readonly term: Term
  readonly data: EntryData
}

/** What an entry says. `encoded` is a slot for the codec, so that an entry is encoded once: the core never reads it. */
export type EntryData = (
  | FoundingData
  | ConfigurationData
  | NoOpData
  | CommandsData
  | SessionOpenData
  | SessionExpireData
  | SnapshotMarkData
  | SnapshotRootData
  | MeetData
  | YieldData
) & { encoded?: Uint8Array }

/** What members may ask the leader to append. */
export type ProposedData = CommandsData | SessionOpenData | SessionExpireData

/** The first entry of a lineage; of a child lineage, the first after the fork. */
export interface FoundingData {
  readonly kind: 'founding'
  readonly lineage: LineageId
  readonly founder: MemberId
  readonly configuration: Configuration
  /** Where a child lineage comes from, and the last entry it shares with its parent. */
  readonly parent?: LineageId
  readonly fork?: Cursor
  readonly shared?: Index
}

/** Names the voters from here on (from the moment it is appended, committed or not). */
export interface ConfigurationData {
  readonly kind: 'configuration'
  readonly configuration: Configuration
}

/** Opens a leader's term: what earlier terms left behind commits with it (th. 3.6.2). */
export interface NoOpData {
  readonly kind: 'no-op'
}

/** A batch: one entry, one index, all of it or nothing. Command `number + offset` of the session is at `offset`. */
export interface CommandsData {
  readonly kind: 'commands'
  readonly session: string
  /** Of the first command; the others follow without gaps. */
  readonly number: number
  /** Replies to all numbers below this one have been received: they may be forgotten. */
  readonly lowWater: number
  readonly payloads: readonly Uint8Array[]
}

export interface SessionOpenData {
  readonly kind: 'session-open'
  readonly session: string
}

export interface SessionExpireData {
  readonly kind: 'session-expire'
  readonly session: string
}

/** Every member takes a snapshot right after this entry. */
export interface SnapshotMarkData {
  readonly kind: 'snapshot-mark'
}

/** A majority of the voters has this root for the snapshot at `mark`: chunks are served and verified under it. */
export interface SnapshotRootData {
  readonly kind: 'snapshot-root'
  readonly mark: Index
  readonly root: string
}

/** What one lineage says of itself when it meets another: frozen where this is committed. */
export interface MeetData {
  readonly kind: 'meet'
  /** The lineage that was met. */
  readonly other: LineageId
}

/** The lineage ends here: nothing after this entry ever commits. */
export interface YieldData {
  readonly kind: 'yield'
  readonly to: LineageId
}

const OVERHEAD = 64
const VOTER = 128

/** About how many bytes an entry takes on the wire: for limits, not for accounts. */
export function sizeOf(data: EntryData): number {
  if (data.kind === 'configuration' || data.kind === 'founding') return 4 * OVERHEAD + VOTER * data.configuration.voters.length
  if (data.kind !== 'commands') return 4 * OVERHEAD
  let size = OVERHEAD
  for (const payload of data.payloads) size += payload.length + 4
  return size
}

/** How many commands an entry carries. */
export function commandsIn(data: EntryData): number {
  return data.kind === 'commands' ? data.payloads.length : 0
}
