/**
 * Consensus groups of unknown size that form, change, lose and regain members by themselves: Raft with lineages.
 *
 * ```ts
 * import { createEndpoint } from '@mosaik/libp2p'
 * import { createDiscovery } from '@mosaik/discovery'
 * import { createGroups, groupKey } from '@mosaik/raft'
 *
 * let total = 0
 * await using endpoint = await createEndpoint('my-app')
 * await using discovery = await createDiscovery(endpoint)
 * await using groups = createGroups(discovery)
 * const counter = groups.join({
 *   key: groupKey('a shared secret'),
 *   machine: {
 *     name: 'counter',
 *     apply: (by: number) => (total += by),
 *     query: () => total,
 *     snapshot: () => total,
 *     install: (state: number) => void (total = state),
 *   },
 * })
 * const { reply } = await counter.execute(5)
 * ```
 *
 * @module
 */
export type { ConsensusOptions, SyncOptions } from './group-id.ts'
export { groupKey, groupKeyFrom, randomGroupKey } from './group-key.ts'
export type { GroupKey } from './group-key.ts'
export { createGroups } from './groups.ts'
export type { Cursor, Index, LineageId, Term } from './logic/types.ts'
export { fileLog } from './storage/file-log.ts'
export type { FileLogOptions } from './storage/file-log.ts'
export { memoryLog } from './storage/memory-log.ts'
export type {
  CutTail, LogEntry, LogStore, LogWrite, NewSnapshot, Opened, OpenOptions, SnapshotMark,
} from './storage/types.ts' // prettier-ignore
export type {
  ApplyContext, Bond, CallOptions, Group, GroupConditions, GroupEvent, Groups, GroupsOptions, GroupStatus, JoinOptions, KeyedStateMachine, Machine,
  Member, MemberStatus, Preference, SnapshotItem, SnapshotReceiver, SnapshotSource, Standing, StateMachine,
} from './types.ts' // prettier-ignore
