import { blake3 } from '@noble/hashes/blake3.js'
import { canonical, check, deriveId, idFromBytes, uniqueId } from '@mosaik/core'
import type { CanonicalValue, Duration, GroupId, TicketValidator, UniqueId } from '@mosaik/core'
import { secretOf } from './group-key.ts'
import type { GroupKey } from './group-key.ts'

/** What all members of a group must be configured alike in. What is left out counts as left out: a default is not the same as its value. */
export interface ConsensusOptions {
  /** All timing at once, for tests and local networks. */
  preset?: 'fast'
  /** How often two members assure each other that they are there. Default 500 ms. */
  heartbeatInterval?: Duration
  /** A heartbeat comes up to this much earlier, by chance. Default 150 ms, at most the interval. */
  heartbeatJitter?: Duration
  /** Intervals without an answer before a bond is dead. Default 10. */
  maxMissedHeartbeats?: number
  /** Default 2 s. */
  electionTimeout?: Duration
  /** An election timeout is up to this much longer, by chance. Default 500 ms. */
  electionJitter?: Duration
  /** How long a node without a history waits for one. Default 3 s. */
  bootstrapDelay?: Duration
  /** For each try of a forwarded command. Default 2 s. */
  forwardTimeout?: Duration
  /** For each try of a query. Default 2 s. */
  queryTimeout?: Duration
  /** Default 5. */
  maxVoters?: number
  /** Nobody founds the group before so many have come together. Default 1. */
  minMembers?: number
  /** How long a silent voter keeps its place. Default 3 × the time in which a bond is dead. */
  memberGrace?: Duration
  /** How long a lost majority is waited for. Default 30 s in memory, never when durable. */
  recoveryTimeout?: Duration | 'never'
}

/** How those catch up who have missed too much. */
export interface SyncOptions {
  /** Items asked for at a time. Default 2 000. */
  fetchBatchSize?: number
  /** How long a snapshot is offered after it was last asked for. Default 10 s. */
  snapshotTtl?: Duration
  /** Default 15 s. */
  snapshotRequestTimeout?: Duration
  /** Default 5 s. */
  fetchTimeout?: Duration
}

/** What a group's id is made of. */
export interface GroupIdParts {
  readonly key: GroupKey
  readonly consensus?: 'fast' | ConsensusOptions | undefined
  /** Left out: a group that only elects. */
  readonly machine?: { readonly name: string; readonly version?: number } | undefined
  readonly sync?: SyncOptions | undefined
  /** Their order counts. */
  readonly validators?: readonly TicketValidator[] | undefined
}

const CONSENSUS_DURATIONS = [
  'heartbeatInterval', 'heartbeatJitter', 'electionTimeout', 'electionJitter', 'bootstrapDelay', 'memberGrace',
] as const // prettier-ignore
const CONSENSUS_COUNTS = ['maxMissedHeartbeats', 'maxVoters', 'minMembers'] as const
const SYNC_DURATIONS = ['snapshotTtl', 'snapshotRequestTimeout', 'fetchTimeout'] as const
const HINT_BYTES = 8
const utf8 = new TextEncoder()

/**
 * blake3(secret) · consensus · machine · sync · the signature of each validator, where `a · b` is blake3(a ‖ b). Who
 * differs in any of it is in another group. Throws `ERR_INVALID_OPTION`.
 */
export function groupIdOf(parts: GroupIdParts): GroupId {
  let id: UniqueId = idFromBytes(blake3(secretOf(parts.key)))
  id = deriveId(id, digest(normalConsensus(parts.consensus)))
  id = deriveId(id, machineSignature(parts.machine))
  id = deriveId(id, digest(normalSync(parts.sync)))
  for (const { signature } of parts.validators ?? []) id = deriveId(id, utf8.encode(signature))
  return id
}

/**
 * The same for all groups of a key, whatever their options, and telling nothing of the key: who shows the same hint
 * beside another group id is probably configured differently by mistake.
 */
export function groupHint(key: GroupKey): Uint8Array {
  return blake3(utf8.encode('hint'), { key: secretOf(key), dkLen: HINT_BYTES })
}

/** As configured, in milliseconds, without what was left out. Deadlines of single calls are everyone's own business. */
function normalConsensus(options: 'fast' | ConsensusOptions | undefined): CanonicalValue {
  const given = options === 'fast' ? { preset: 'fast' as const } : check.options('consensus', options)
  const preset = check.oneOf('consensus.preset', given.preset, ['fast'] as const, { default: undefined })
  const recovery = given.recoveryTimeout
  return withoutMissing([
    ['preset', preset],
    ...CONSENSUS_DURATIONS.map((name) => [name, check.duration(`consensus.${name}`, given[name], { default: undefined })] as const),
    ...CONSENSUS_COUNTS.map((name) => [name, check.integer(`consensus.${name}`, given[name], { min: 1, default: undefined })] as const),
    ['recoveryTimeout', recovery === 'never' ? recovery : check.duration('consensus.recoveryTimeout', recovery, { default: undefined })],
  ])
}

function normalSync(options: SyncOptions | undefined): CanonicalValue {
  const given = check.options('sync', options)
  return withoutMissing([
    ['fetchBatchSize', check.integer('sync.fetchBatchSize', given.fetchBatchSize, { min: 1, default: undefined })],
    ...SYNC_DURATIONS.map((name) => [name, check.duration(`sync.${name}`, given[name], { default: undefined })] as const),
  ])
}

function machineSignature(machine: GroupIdParts['machine']): Uint8Array {
  if (machine === undefined) return digest('election')
  const version = check.integer('machine.version', machine.version, { min: 0, default: undefined })
  return digest([check.text<string>('machine.name', machine.name), version ?? null])
}

/** Of a fixed length, so that neighbours in a chain of derivations cannot be confused. */
function digest(value: CanonicalValue): Uint8Array {
  return utf8.encode(uniqueId(canonical(value)))
}

function withoutMissing(entries: readonly (readonly [string, string | number | undefined])[]): CanonicalValue {
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as CanonicalValue
}
