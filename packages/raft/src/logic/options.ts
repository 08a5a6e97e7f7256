import type { GroupId } from '@mosaik/core'
import type { MemberId } from './types.ts'

/** How gladly this node leads: `reluctant` waits that many times longer, an observer never votes nor leads. */
export type Preference = 'normal' | 'observer' | { readonly reluctant: number }

/** In ms of ticked time. */
export interface Timing {
  readonly heartbeatInterval: number
  readonly electionTimeout: number
  readonly electionJitter: number
  readonly bootstrapDelay: number
  readonly memberGrace: number
  /** `Infinity`: never. */
  readonly recoveryTimeout: number
  /** A strong read that the leader has not answered for so long is asked again. */
  readonly queryTimeout: number
}

/** What bounds memory and frames. */
export interface Limits {
  /** Bytes of entries in one append, unless one entry alone has more. */
  readonly frameBytes: number
  readonly frameEntries: number
  /** Frames in flight to one follower. */
  readonly window: number
  /** An append with less than that waits for an answer while two are on their way: many small frames cost far more than they save. */
  readonly gatherBytes: number
  /** A snapshot mark is proposed after so many entries or bytes. */
  readonly snapshotEntries: number
  readonly snapshotBytes: number
  /** What the log keeps behind a snapshot, so that a short absence costs a replay. */
  readonly tailEntries: number
  readonly tailBytes: number
  /** Entries appended and not yet committed; beyond it proposals are refused. */
  readonly uncommittedEntries: number
  readonly uncommittedBytes: number
  /** Strong reads that wait; beyond it they are refused. */
  readonly reads: number
  /** Entries a learner may lack and still count as caught up. */
  readonly promotionLag: number
}

export interface CoreOptions {
  readonly me: MemberId
  readonly groupId: GroupId
  readonly preference: Preference
  /** Whether the store outlives the process. */
  readonly durable: boolean
  readonly timing: Timing
  readonly maxVoters: number
  readonly minMembers: number
  readonly limits: Limits
}

export const DEFAULT_TIMING: Timing = {
  heartbeatInterval: 500,
  electionTimeout: 2_000,
  electionJitter: 500,
  bootstrapDelay: 3_000,
  memberGrace: 15_000,
  recoveryTimeout: 30_000,
  queryTimeout: 2_000,
}

const MIB = 1024 * 1024

export const DEFAULT_LIMITS: Limits = {
  frameBytes: 256 * 1024,
  frameEntries: 1_024,
  window: 16,
  gatherBytes: 16 * 1024,
  snapshotEntries: 8_192,
  snapshotBytes: 16 * MIB,
  tailEntries: 4_096,
  tailBytes: 8 * MIB,
  uncommittedEntries: 65_536,
  uncommittedBytes: 64 * MIB,
  reads: 65_536,
  promotionLag: 256,
}

/** How many times longer than others this node waits before it stands or founds. */
export function patience(preference: Preference): number {
  return typeof preference === 'object' ? preference.reluctant : preference === 'observer' ? Infinity : 1
}
