import type { Cursor, Index, LineageId } from './types.ts'

/** Where a history comes from. */
export interface Lineage {
  readonly id: LineageId
  readonly parent?: LineageId
  /** The last entry it shares with its parent. */
  readonly fork?: Cursor
}

/** What is compared when two lineages meet. */
export interface LineageFacts extends Lineage {
  /** Committed commands, each of a batch counted. */
  readonly commands: number
  /** Committed entries. */
  readonly entries: Index
  /** Whether the lineage could commit when it said so. */
  readonly quorum: boolean
}
