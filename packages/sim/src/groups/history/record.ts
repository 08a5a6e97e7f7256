import type { LineageId } from '@mosaik/raft'
import type { Change, Reply, Seen } from '../actors/register.ts'
import type { MemberRun } from '../world/member.ts'
import type { RegisterRun } from '../world/register-run.ts'
import type { Numbered } from '../world/truth.ts'

/** `lost`: nothing was sent, so it must never be applied. `unknown`: it may have been. */
export type CallState = 'pending' | 'done' | 'lost' | 'unknown'

/** One change that was asked of a group; a batch is several with the same times. */
export interface Call {
  readonly run: MemberRun
  readonly client: number
  readonly change: Numbered
  readonly kind: 'execute' | 'batch' | 'feed'
  /** Where in its batch. */
  readonly offset: number
  /** Moments, in the order of everything that happens. */
  readonly calledAt: number
  endedAt: number
  state: CallState
  /** Where it stands, once it is done, and in which history its member was then. */
  index: number
  lineage: LineageId | undefined
  reply: unknown
}

export interface RegisterCall extends Call {
  readonly run: RegisterRun
  readonly change: Change
  reply: Reply | undefined
}

/** One answered query. */
export interface Reading {
  readonly run: RegisterRun
  readonly key: number
  readonly isStrong: boolean
  readonly calledAt: number
  readonly endedAt: number
  readonly index: number
  readonly seen: Seen
  readonly lineage: LineageId | undefined
  readonly member: string
}
