/**
 * Groups in a simulated world, and conformance suites for own log stores and state machines.
 *
 * ```ts
 * import { memoryLog } from '@mosaik/raft'
 * import { logStoreSuite, simGroup } from '@mosaik/raft/testing'
 * import { describe, it } from 'vitest'
 *
 * logStoreSuite('memory', () => ({ create: () => memoryLog() }), { describe, it })
 *
 * await using cluster = await simGroup({ machine: () => new Counter(), members: 5, seed: 7 })
 * cluster.crash(await cluster.leader())
 * await cluster.converged()
 * ```
 *
 * @module
 */
export { logStoreCases, logStoreSuite } from './log-store-suite.ts'
export type { PlainLog } from './log-store/plain-log.ts'
export type { LogRig, LogStoreBuilder, LogStoreCase } from './log-store/types.ts'
export { readStoredEntry, readStoredSnapshot, readStoredState } from './stored.ts'
export type { Configuration, EntryData, Lineage, SnapshotMeta, StoredSnapshot, StoredState, Voter } from './stored.ts'
export { simGroup } from './sim-group.ts'
export type {
  SettledOptions, SimGroup, SimGroupOptions, SimHandle, SimMachine, SimMember, SimMemberOptions, SimMembers, SimPlace, SimStorage,
} from './sim-group/types.ts' // prettier-ignore
export { runStateMachineCase, stateMachineCases, stateMachineSuite } from './state-machine-suite.ts'
export type { CommandOf, QueryOf, StateMachineBuilder, StateMachineCase, StateMachineSuiteOptions } from './state-machine/types.ts'
export type { History } from './state-machine/history.ts'
