/**
 * Replicated data structures that feel local: read like the ones they resemble, written through consensus.
 *
 * ```ts
 * import { createEndpoint } from '@mosaik/libp2p'
 * import { createDiscovery } from '@mosaik/discovery'
 * import { createGroups } from '@mosaik/raft'
 * import { createCollections, defineMap } from '@mosaik/collections'
 *
 * const Prices = defineMap<string, number>('prices')
 * await using endpoint = await createEndpoint('my-app')
 * await using discovery = await createDiscovery(endpoint)
 * await using groups = createGroups(discovery)
 * await using collections = createCollections(groups)
 * const prices = collections.writer(Prices)
 * await prices.insert('ETH', 3_200)
 * console.log(prices.get('ETH'))
 * ```
 *
 * @module
 */
export { createCollections } from './collections.ts'
export type { Collections, OpenOptions } from './collections.ts'
export { defineCell, defineMap, defineOnce, definePriorityQueue, defineRegister, defineSet, defineVec } from './define.ts'
export type { Definition, ReaderOf, WriterOf } from './definition.ts'
export type {
  CellChange, CellReader, CellWriter, Change, Collection, CollectionConditions, CollectionGroup, CollectionOptions, Committed, Lagged,
  MapChange, MapReader, MapWriter, OnceChange, OnceReader, OnceWriter, Priority, PriorityEntry, PriorityQueueChange, PriorityQueueReader,
  PriorityQueueWriter, PriorityRange, Reset, SetChange, SetLike, SetReader, SetWriter, VecChange, VecReader, VecWriter, Version, Write,
} from './types/index.ts' // prettier-ignore
