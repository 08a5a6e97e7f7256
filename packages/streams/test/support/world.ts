import type { Endpoint } from '@mosaik/core'
import { simWorld } from '@mosaik/core/testing'
import type { SimEndpointOptions, SimWorld } from '@mosaik/core/testing'
import { createStreams } from '../../src/index.ts'
import type { Consumer, Streams, StreamsOptions } from '../../src/index.ts'
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

  async node(options: StreamsOptions & SimEndpointOptions & { readonly network?: string } = {}): Promise<Node> {
    const { backoff, network = 'streams-test', ...endpointOptions } = options
    const endpoint = await this.sim.endpoint(network, endpointOptions)
    return this.nodeOn(endpoint, backoff === undefined ? {} : { backoff })
  }

  nodeOn(endpoint: Endpoint, options: StreamsOptions = {}): Node {
    const discovery = new FakeDiscovery(endpoint, this.universe)
    return { endpoint, discovery, streams: createStreams(discovery, options) }
  }

  /** Lets virtual time pass. */
  pass(duration: `${number}ms` | `${number}s` | `${number}m`): Promise<void> {
    return this.sim.run(duration)
  }
}

export interface Scene {
  readonly world: TestWorld
  readonly a: Node
  readonly b: Node
  readonly c: Node
}

/** Runs a scenario of three nodes in virtual time. Seeds may be given to see it from several sides. */
export async function scenario(body: (scene: Scene) => Promise<void>, seed: string | number = 1): Promise<void> {
  const world = new TestWorld(seed)
  const [a, b, c] = [await world.node(), await world.node(), await world.node()]
  try {
    await world.sim.run(() => body({ world, a, b, c }), { within: '30m' })
  } finally {
    await world.sim.close()
  }
}

/** The next `count` data. */
export async function take<T>(consumer: Consumer<T>, count: number): Promise<T[]> {
  const got: T[] = []
  while (got.length < count) got.push(await consumer.receive())
  return got
}

/** Everything that arrives until the consumer is closed. */
export function collect<T>(consumer: Consumer<T>): { readonly got: T[]; readonly done: Promise<void> } {
  const got: T[] = []
  const done = (async () => {
    for await (const datum of consumer) got.push(datum)
  })()
  return { got, done }
}

/** Has this settled yet? Looked at after the promise had its turn. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const settle = (): void => void (settled = true)
  promise.then(settle, settle)
  for (let i = 0; i < 10; i++) await Promise.resolve()
  return !settled
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}
