import { check } from '@mosaik/core'
import type { TicketValidator } from '@mosaik/core'
import type { HeartbeatTiming } from './bond/types.ts'
import type { ConsensusOptions, SyncOptions } from './group-id.ts'
import { DEFAULT_LIMITS } from './logic/options.ts'
import type { Limits, Timing } from './logic/options.ts'
import type { JoinOptions, Preference } from './types.ts'

/** How state gets from member to member, all in ms. */
export interface SyncSettings {
  /** Items of a state in one chunk. */
  readonly fetchBatchSize: number
  /** How long a snapshot is offered after it was last asked for. */
  readonly snapshotTtl: number
  /** Within this a source must have begun to answer. */
  readonly snapshotRequestTimeout: number
  /** One try of one chunk. */
  readonly fetchTimeout: number
}

/** What a member goes by, all in ms. */
export interface GroupSettings {
  readonly timing: Timing
  readonly heartbeat: HeartbeatTiming
  readonly forwardTimeout: number
  readonly sync: SyncSettings
  readonly maxVoters: number
  readonly minMembers: number
  readonly preference: Preference
  readonly validators: readonly TicketValidator[]
  readonly resubmit: boolean
  readonly limits: Limits
}

interface Defaults {
  readonly heartbeatInterval: number
  readonly heartbeatJitter: number
  readonly maxMissedHeartbeats: number
  readonly electionTimeout: number
  readonly electionJitter: number
  readonly bootstrapDelay: number
  readonly forwardTimeout: number
  readonly queryTimeout: number
  readonly memberGrace: number | undefined
  readonly recoveryTimeout: number
}

const NORMAL: Defaults = {
  heartbeatInterval: 500, heartbeatJitter: 150, maxMissedHeartbeats: 10, electionTimeout: 2_000, electionJitter: 500,
  bootstrapDelay: 3_000, forwardTimeout: 2_000, queryTimeout: 2_000, memberGrace: undefined, recoveryTimeout: 30_000,
} // prettier-ignore

/** For tests, demos and local networks. */
const FAST: Defaults = {
  heartbeatInterval: 100, heartbeatJitter: 30, maxMissedHeartbeats: 10, electionTimeout: 400, electionJitter: 100,
  bootstrapDelay: 300, forwardTimeout: 1_000, queryTimeout: 1_000, memberGrace: 3_000, recoveryTimeout: 6_000,
} // prettier-ignore

const GRACE_IN_BOND_TIMEOUTS = 3
const MAX_VOTERS = 5
const MAX_RELUCTANCE = 1_000
const MAX_RETENTION = 2 ** 24
const MAX_FETCH_BATCH = 1_000_000
const MIN_SYNC_TIME = '10ms'
const SYNC: SyncSettings = { fetchBatchSize: 2_000, snapshotTtl: 10_000, snapshotRequestTimeout: 15_000, fetchTimeout: 5_000 }

/** Throws `ERR_INVALID_OPTION`. */
export function groupSettings(options: JoinOptions, durable: boolean): GroupSettings {
  const given: ConsensusOptions = options.consensus === 'fast' ? { preset: 'fast' } : check.options('consensus', options.consensus)
  const base = given.preset === 'fast' ? FAST : NORMAL
  const ms = (name: keyof ConsensusOptions & keyof Defaults, min: number): number =>
    check.duration(`consensus.${name}`, given[name] as number | undefined, { min, default: base[name] as number })
  const interval = ms('heartbeatInterval', 1)
  const heartbeat: HeartbeatTiming = {
    interval,
    jitter: check.duration('consensus.heartbeatJitter', given.heartbeatJitter, {
      max: interval,
      default: Math.min(base.heartbeatJitter, interval),
    }),
    maxMissed: check.integer('consensus.maxMissedHeartbeats', given.maxMissedHeartbeats, { min: 1, default: base.maxMissedHeartbeats }),
  }
  const bondTimeout = interval * heartbeat.maxMissed
  const timing: Timing = {
    heartbeatInterval: interval,
    electionTimeout: ms('electionTimeout', 1),
    electionJitter: ms('electionJitter', 0),
    bootstrapDelay: ms('bootstrapDelay', 0),
    memberGrace: check.duration('consensus.memberGrace', given.memberGrace, {
      default: base.memberGrace ?? GRACE_IN_BOND_TIMEOUTS * bondTimeout,
    }),
    recoveryTimeout: recoveryTimeout(given.recoveryTimeout, durable ? Number.POSITIVE_INFINITY : base.recoveryTimeout),
    queryTimeout: ms('queryTimeout', 1),
  }
  return {
    timing,
    heartbeat,
    forwardTimeout: ms('forwardTimeout', 1),
    sync: syncSettings(options.sync),
    maxVoters: check.integer('consensus.maxVoters', given.maxVoters, { min: 1, max: 255, default: MAX_VOTERS }),
    minMembers: check.integer('consensus.minMembers', given.minMembers, { min: 1, max: 255, default: 1 }),
    preference: resolvePreference(options.preference),
    validators: [options.requireTicket ?? []].flat(),
    resubmit: options.resubmit ?? false,
    limits: limitsFor(options.retention),
  }
}

function syncSettings(options: SyncOptions | undefined): SyncSettings {
  const given = check.options('sync', options)
  const ms = (name: 'snapshotTtl' | 'snapshotRequestTimeout' | 'fetchTimeout'): number =>
    check.duration(`sync.${name}`, given[name] as number | undefined, { min: MIN_SYNC_TIME, default: SYNC[name] })
  return {
    fetchBatchSize: check.integer('sync.fetchBatchSize', given.fetchBatchSize, {
      min: 1,
      max: MAX_FETCH_BATCH,
      default: SYNC.fetchBatchSize,
    }),
    snapshotTtl: ms('snapshotTtl'),
    snapshotRequestTimeout: ms('snapshotRequestTimeout'),
    fetchTimeout: ms('fetchTimeout'),
  }
}

/** A snapshot is due when the log has twice of what is kept behind one. */
function limitsFor(retention: JoinOptions['retention']): Limits {
  const { entries, bytes } = check.options('retention', retention)
  const tailEntries = check.integer('retention.entries', entries, { min: 1, max: MAX_RETENTION, default: DEFAULT_LIMITS.tailEntries })
  const tailBytes = check.integer('retention.bytes', bytes, { min: 1, default: DEFAULT_LIMITS.tailBytes })
  return { ...DEFAULT_LIMITS, tailEntries, tailBytes, snapshotEntries: 2 * tailEntries, snapshotBytes: 2 * tailBytes }
}

function recoveryTimeout(given: ConsensusOptions['recoveryTimeout'], fallback: number): number {
  if (given === 'never') return Number.POSITIVE_INFINITY
  return given === undefined ? fallback : check.duration('consensus.recoveryTimeout', given, { min: 1 })
}

function resolvePreference(given: Preference | undefined): Preference {
  if (typeof given !== 'object') return check.oneOf('preference', given, ['normal', 'observer'] as const, { default: 'normal' })
  return { reluctant: check.number('preference.reluctant', given.reluctant, { min: 1, max: MAX_RELUCTANCE }) }
}
