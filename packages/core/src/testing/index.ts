/**
 * What tests stand on: a simulated world in virtual time, and the suite that every implementation of `Endpoint` passes.
 *
 * ```ts
 * import { simWorld } from '@mosaik/core/testing'
 *
 * await using world = simWorld({ seed: 7 })
 * const [a, b] = [await world.endpoint('my-app'), await world.endpoint('my-app')]
 * await world.run(a.connect(b.addresses[0]))
 * world.partition(a)
 * await world.run('5s')
 * console.log(a.connections.value.size, world.trace.hash) // 0, and the same hash whenever the seed is 7
 * ```
 *
 * @module
 */
export { simDisk } from './sim/disk.ts'
export type { DiskFault, MountOptions, SimDisk, SimDiskOptions } from './sim/disk.ts'
export { simWorld } from './sim/world.ts'
export type { Group, PathOptions, SimEndpointOptions, SimWorld, SimWorldOptions } from './sim/world-types.ts'
export type { Trace } from './sim/trace.ts'
export { endpointCases, endpointSuite } from './suite/endpoint-suite.ts'
export { patternBytes, record, sendAll } from './suite/recorder.ts'
export type { Recorder } from './suite/recorder.ts'
export type { EndpointBuilder, EndpointCase, EndpointSuiteOptions, Rig, SuiteEndpointOptions, SuiteRunner } from './suite/types.ts'
export { streamPair } from './stream-pair.ts'
export type { StreamPair, StreamPairOptions } from './stream-pair.ts'
