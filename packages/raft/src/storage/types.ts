import type { Index, Term } from '../logic/types.ts'

/** One entry of a group's log as a store sees it. */
export interface LogEntry {
  /** Counts from 1 without gaps. */
  readonly index: Index
  readonly term: Term
  /** Encoded where it was born; never changed by a store. */
  readonly bytes: Uint8Array
}
