/**
 * The simulated world with whole nodes in it: an hour of partitions and crashes in a second, the same for the same seed.
 *
 * ```ts
 * await using world = simWorld({ seed: 7 })
 * const [a, b] = [await world.node('my-app'), await world.node('my-app')]
 * await world.run('30s')
 * world.partition([a], [b])
 * ```
 *
 * @module
 */
import { simWorld as endpointWorld } from '@mosaik/core/testing'
import type { SimEndpointOptions, SimWorld as EndpointWorld, SimWorldOptions } from '@mosaik/core/testing'
import type { Endpoint } from '@mosaik/core'
import { networkOn } from '../network.ts'
import type { Network, NetworkOptions } from '../network.ts'
