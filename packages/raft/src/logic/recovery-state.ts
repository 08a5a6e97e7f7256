import type { PeerId } from '@mosaik/core'
import type { FoundingAnswer } from './messages.ts'
import type { Cursor, LineageId } from './types.ts'

/** Where a lineage that has lost its majority stands, on this node. */
export interface Recovery {
  /** Since when no majority of the voters has had a bond. */
  since: number | undefined
  ask: RecoveryAsk | undefined
  granted: { readonly peerId: PeerId; readonly at: number } | undefined
  /** From whom entries are fetched. */
  fetching: { readonly peerId: PeerId; readonly previous: Cursor; readonly at: number } | undefined
  /** Whose log contradicts what somebody knows to be committed. */
  readonly contradicted: Set<PeerId>
  retryAt: number
}

interface RecoveryAsk {
  readonly lineageToBe: LineageId
  readonly at: number
  readonly asked: readonly PeerId[]
  readonly answers: Map<PeerId, FoundingAnswer>
}

export function noRecovery(): Recovery {
  return { since: undefined, ask: undefined, granted: undefined, fetching: undefined, contradicted: new Set(), retryAt: 0 }
}
