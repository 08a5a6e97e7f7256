import type { PeerId } from '@mosaik/core'
import type { LineageId } from './types.ts'

/** How far a node without a lineage has come. */
export interface Founding {
  startedAt: number
  lastBondAt: number
  /** The own question to the others. */
  ask: { readonly lineageToBe: LineageId; readonly at: number; readonly answers: Map<PeerId, boolean> } | undefined
  /** Whom this node has promised to follow. */
  granted: { readonly peerId: PeerId; readonly at: number } | undefined
}
