import type { MembershipPlan, MembersPlan } from '../../groups/plan/types.ts'

export const KINDS = ['map', 'vec', 'set', 'cell', 'once', 'queue'] as const
export type KindName = (typeof KINDS)[number]

export interface CollectionPlan extends MembershipPlan {
  readonly kind: KindName
  /** The keys that are written: all text or all numbers. */
  readonly keys: readonly (string | number)[]
  /** Of a queue. */
  readonly capacity: number | undefined
  /** Items of a snapshot that are asked for at a time; as by default where it is undefined. */
  readonly fetchBatchSize: number | undefined
}

export interface CollectionsPlan extends MembersPlan {
  readonly groups: readonly CollectionPlan[]
}
