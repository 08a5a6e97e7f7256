/**
 * Nodes of one network find each other: signed entries, a catalog of them, announcements, comparison of catalogs,
 * round-trip times, and ways to meet the first peer.
 *
 * ```ts
 * import { createEndpoint } from '@mosaik/libp2p'
 * import { createDiscovery } from '@mosaik/discovery'
 *
 * await using endpoint = await createEndpoint('my-app')
 * await using discovery = await createDiscovery(endpoint, { bootstrap: [address], tags: 'validator' })
 *
 * await discovery.catalog.until((catalog) => catalog.size >= 3)
 * for (const peer of discovery.catalog.value) console.log(peer.peerId, peer.addresses)
 * ```
 *
 * @module
 */
export { createDiscovery } from './discovery.ts'
export type { Advertisement, Catalog, DhtOptions, Discovery, DiscoveryEvent, DiscoveryOptions, PeerEntry, UnsignedEntry } from './types.ts'
