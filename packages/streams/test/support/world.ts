import type { Endpoint } from '@mosaik/core'
import { simWorld } from '@mosaik/core/testing'
import type { SimEndpointOptions, SimWorld } from '@mosaik/core/testing'
import { createStreams } from '../../src/index.ts'
import type { Streams, StreamsOptions } from '../../src/index.ts'
import { FakeDiscovery, Universe } from './fake-discovery.ts'

export interface Node {
  readonly endpoint: Endpoint
  readonly discovery: FakeDiscovery
  readonly streams: Streams
}

/** A simulated world whose nodes find each other by magic, so that only streams are under test. */
export class TestWorld {
  readonly sim: SimWorld
  readonly universe: Universe = new Universe()

  constructor(seed: string | number = 1) {
    this.sim = simWorld({ seed, latency: { min: 1, max: 4 } })
  }

  async node(options: StreamsOptions & SimEndpointOptions = {}): Promise<Node> {
    const { backoff, ...endpointOptions } = options
    const endpoint = await this.sim.endpoint('streams-test', endpointOptions)
    return this.nodeOn(endpoint, backoff === undefined ? {} : { backoff })
  }

  nodeOn(endpoint: Endpoint, options: StreamsOptions = {}): Node {
    const discovery = new FakeDiscovery(endpoint, this.universe)
    return { endpoint, discovery, streams: createStreams(discovery, options) }
  }

  run<T>(work: Promise<T> | (() => Promise<T>)): Promise<T> {
    return this.sim.run(work, { within: '10m' })
  }

  pass(duration: `${number}ms` | `${number}s` | number): Promise<void> {
    return this.sim.run(duration)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sim.close()
  }
}

export async function twoNodes(seed?: string | number): Promise<{ world: TestWorld; a: Node; b: Node } & AsyncDisposable> {
  const world = new TestWorld(seed)
  const a = await world.node()
  const b = await world.node()
  return { world, a, b, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
}
