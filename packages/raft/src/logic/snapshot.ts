import type { Configuration } from './configuration.ts'
import type { Lineage, LineageFacts } from './lineage.ts'
import type { Index, LineageId, Term } from './types.ts'

/** What a lineage said of itself where it met another. */
export interface Meet {
  readonly other: LineageId
  readonly facts: LineageFacts
}

/** All that a log needs to know of what a snapshot replaces. */
export interface SnapshotMeta {
  readonly lineage: Lineage
  /** The last entry whose effect is in the state. */
  readonly index: Index
  readonly term: Term
  /** Of the state, as a majority reported it; empty until then. */
  readonly root: string
  /** The running hash of the log at `index`. */
  readonly hash: number
  /** Commands in the lineage up to `index`. */
  readonly commands: number
  readonly configuration: Configuration
  /** The entry that set it. */
  readonly configurationIndex: Index
  /** What the lineage has said of itself to others, up to `index`: it never says anything else to them. */
  readonly meets: readonly Meet[]
}
