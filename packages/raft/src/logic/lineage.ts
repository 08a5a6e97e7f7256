import type { Cursor, Index, LineageId } from './types.ts'

/** Where a history comes from. */
export interface Lineage {
  readonly id: LineageId
  readonly parent?: LineageId
  /** The last entry it shares with its parent. */
  readonly fork?: Cursor
  /** What its founder knew the parent to have committed. Between this and the fork, the parent may have written something else. */
  readonly shared?: Index
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

/** Without the facts that a hello adds. */
export function bare({ id, parent, fork, shared }: Lineage): Lineage {
  return { id, ...(parent !== undefined && { parent }), ...(fork !== undefined && { fork }), ...(shared !== undefined && { shared }) }
}
