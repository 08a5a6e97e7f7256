/**
 * The simulated world with whole nodes in it: a minute of partitions and crashes in a few seconds, the same for the same seed.
 *
 * ```ts
 * import { simWorld } from '@mosaik/node/testing'
 *
 * await using world = simWorld({ seed: 7 })
 * const a = await world.node('my-app')
 * const b = await world.node('my-app', { discovery: { bootstrap: a.local.addresses } })
 * await world.run(a.discovery.catalog.until((catalog) => catalog.has(b.local.id)))
 * world.partition(a, b)
 * await world.run('30s')
 * world.heal()
 * ```
 *
 * @module
 */
export { simWorld } from './sim-world.ts'
export type { Group, SimNodeOptions, SimWorld } from './sim-world.ts'
export type { PathOptions, SimEndpointOptions, SimWorldOptions, Trace } from '@mosaik/core/testing'
