/** Everything that a seed decides before the first event. What depends on how things go is drawn on the way. */
export interface MembersPlan {
  readonly seed: string
  readonly world: {
    readonly latency: { readonly min: number; readonly max: number }
    readonly jitter: number
    readonly bandwidth: number
    readonly loss: number
  }
  readonly announceInterval: number
  readonly nodes: readonly NodePlan[]
  readonly groups: readonly MembershipPlan[]
  /** `memory`: nobody has a disk; `durable`: everyone; `mixed`: some. */
  readonly storage: 'memory' | 'durable' | 'mixed'
  /** How long a call of a disk takes at most, ms. */
  readonly diskMs: number
  readonly clients: number
  /** The mean time between two calls of a client, ms. */
  readonly thinkMs: number
  /** How long faults are made, ms. */
  readonly safetyMs: number
  /** The mean time between two faults, ms. */
  readonly faultEveryMs: number
  /** Only these are made in this run: a run that does a little of everything finds less than runs that are one-sided. */
  readonly faults: readonly FaultName[]
}

export interface NodePlan {
  readonly index: number
  readonly label: string
  readonly skewMs: number
  readonly durable: boolean
  readonly preference: 'normal' | 'observer' | { readonly reluctant: number }
  /** 0: there from the beginning. */
  readonly joinAtMs: number
}

/** What every member of a group has in common. */
export interface MembershipPlan {
  readonly index: number
  readonly maxVoters: number
  readonly minMembers: number
  /** Entries that the log keeps behind a snapshot. */
  readonly retention: number
  /** ms; as a preset or store has it where it is undefined. */
  readonly memberGrace: number | undefined
  readonly recoveryTimeout: number | undefined
}

export interface GroupPlan extends MembershipPlan {
  readonly keys: number
}

export interface GroupsPlan extends MembersPlan {
  readonly groups: readonly GroupPlan[]
}

export const FAULTS = [
  'partition', 'one-way', 'isolate-leader', 'split', 'break', 'pause', 'crash', 'restart', 'crash-leader', 'outage', 'wipe', 'leave', 'transfer', 'stale-leader', 'step', 'slow',
] as const // prettier-ignore
export type FaultName = (typeof FAULTS)[number]
