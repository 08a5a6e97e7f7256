/**
 * Conformance suites for own log stores and state machines.
 *
 * ```ts
 * import { memoryLog } from '@mosaik/raft'
 * import { logStoreSuite } from '@mosaik/raft/testing'
 * import { describe, it } from 'vitest'
 *
 * logStoreSuite('memory', () => ({ create: () => memoryLog() }), { describe, it })
 * ```
 *
 * @module
 */
export { logStoreCases, logStoreSuite } from './log-store-suite.ts'
export type { PlainLog } from './log-store/plain-log.ts'
export type { LogRig, LogStoreBuilder, LogStoreCase } from './log-store/types.ts'
export { readStoredEntry, readStoredSnapshot, readStoredState } from './stored.ts'
export type { Configuration, EntryData, Lineage, SnapshotMeta, StoredSnapshot, StoredState, Voter } from './stored.ts'
