import type { Configuration } from './configuration.ts'
import type { Lineage } from './lineage.ts'
import type { Index, Term } from './types.ts'

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
}
