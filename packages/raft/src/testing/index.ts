/**
 * Conformance suites for own log stores and state machines.
 *
 * ```ts
 * import type { LogEntry } from '@mosaik/raft/testing'
 *
 * const entry: LogEntry = { index: 1, term: 1, bytes: new Uint8Array(256) }
 * ```
 *
 * @module
 */
export type { LogEntry } from '../storage/types.ts'
