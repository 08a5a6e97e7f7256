import type { Lagging } from '@mosaik/streams'
import type { WhereName } from '../actors/where.ts'

/** Everything that a seed decides before the first event. What depends on how things go is drawn on the way. */
export interface Plan {
  readonly seed: string
  readonly world: {
    readonly latency: { readonly min: number; readonly max: number }
    readonly jitter: number
    readonly bandwidth: number
    readonly loss: number
  }
  readonly discovery: { readonly announceInterval: number; readonly purgeAfter: number; readonly maxTimeDrift: number }
  readonly backoff: { readonly initial: number; readonly max: number }
  readonly streams: readonly string[]
  readonly nodes: readonly NodePlan[]
  /** How long faults are made, ms. */
  readonly safetyMs: number
  /** The mean time between two faults, ms. */
  readonly faultEveryMs: number
  /** Only these are made in this run: a run that does a little of everything finds less than runs that are one-sided. */
  readonly faults: readonly FaultName[]
}

export const FAULTS = ['partition', 'one-way', 'break', 'pause', 'crash', 'restart', 'leave', 'step', 'leap', 'slow'] as const
export type FaultName = (typeof FAULTS)[number]

export type NetworkName = 'main' | 'other'

/** Has a node the ticket that some producers ask for? `renewed`: a short one, replaced in time; `lapses`: once, and never again. */
export type PassKind = 'none' | 'forever' | 'renewed' | 'lapses'

export interface NodePlan {
  readonly index: number
  readonly label: string
  readonly network: NetworkName
  readonly skewMs: number
  readonly tags: readonly string[]
  readonly pass: PassKind
  /** Machines it is told of. The first of its network is always among them. */
  readonly bootstrap: readonly number[]
  readonly joinAtMs: number
  readonly producers: readonly ProducerPlan[]
  readonly consumers: readonly ConsumerPlan[]
  /** Toggles its tags now and then. */
  readonly fickle: boolean
}

export interface ProducerPlan {
  readonly stream: number
  readonly lagging: Lagging
  readonly bufferSize: number
  readonly maxConsumers: number | undefined
  readonly requireTag: string | undefined
  readonly needsPass: boolean
  readonly minimumOf: number
  /** Mean time between bursts, ms. */
  readonly everyMs: number
  readonly burst: number
  readonly padMax: number
  /** Mean time between reopenings, ms. */
  readonly churnMs: number | undefined
}

export interface ConsumerPlan {
  readonly stream: number
  readonly where: WhereName
  readonly bufferSize: number
  readonly requireTag: string | undefined
  readonly reader: 'fast' | 'slow' | 'moody'
  readonly includeLocal: boolean
  readonly churnMs: number | undefined
}
