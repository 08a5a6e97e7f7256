/**
 * Consensus groups of unknown size that form, change, lose and regain members by themselves: Raft with lineages.
 *
 * ```ts
 * import type { Cursor } from '@mosaik/raft'
 *
 * const isBehind = (a: Cursor, b: Cursor): boolean => a.term < b.term || (a.term === b.term && a.index < b.index)
 * ```
 *
 * @module
 */
export type { Cursor, Index, LineageId, MemberId, Term } from './logic/types.ts'
export type { LogEntry } from './storage/types.ts'
