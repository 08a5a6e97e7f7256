import { createMetrics } from '@mosaik/core'
import type { Endpoint, Logger, Metrics, PeerId } from '@mosaik/core'
import type { SimEndpointOptions, SimWorld } from '@mosaik/core/testing'
import { createDiscovery } from '../src/index.ts'
import type { Discovery, DiscoveryOptions } from '../src/index.ts'

/** For tests that simulate much: they have time also on a busy machine. */
export const LONG: number = 180_000 * Number(process.env['TIME_FACTOR'] ?? 1)

export interface Node {
  readonly endpoint: Endpoint
  readonly discovery: Discovery
  readonly id: PeerId
  readonly address: string
  readonly metrics: Metrics
  /** Lines logged at info and above. */
  readonly log: string[]
}

/** A logger that keeps what it is told. */
export function recordingLogger(lines: string[]): Logger {
  const write = (...args: unknown[]): void => void lines.push(args.map(String).join(' '))
  const logger: Logger = { debug() {}, info: write, warn: write, error: write, forComponent: () => logger }
  return logger
}

export async function simNode(
  world: SimWorld,
  options: DiscoveryOptions = {},
  endpointOptions: SimEndpointOptions = {},
  name = 'net',
): Promise<Node> {
  const metrics = createMetrics()
  const log: string[] = []
  const endpoint = await world.endpoint(name, { metrics, logger: recordingLogger(log), ...endpointOptions })
  const discovery = await createDiscovery(endpoint, options)
  return { endpoint, discovery, id: endpoint.id, address: endpoint.addresses[0] as string, metrics, log }
}

/** Nodes that know the first one's address. */
export async function simNetwork(world: SimWorld, count: number, options: DiscoveryOptions = {}): Promise<Node[]> {
  const nodes = [await simNode(world, options)]
  const bootstrap = (nodes[0] as Node).address
  while (nodes.length < count) nodes.push(await simNode(world, { bootstrap, ...options }))
  return nodes
}

/** Everyone has everyone else in the catalog. */
export async function converged(world: SimWorld, nodes: readonly Node[], within: number = 120_000): Promise<void> {
  await world.run(
    Promise.all(
      nodes.map(({ discovery }) =>
        discovery.catalog.until((catalog) => nodes.every(({ id }) => id === discovery.endpoint.id || catalog.has(id))),
      ),
    ),
    { within },
  )
}

export async function closeAll(world: SimWorld, nodes: readonly Node[]): Promise<void> {
  await world.run(Promise.all(nodes.map(({ discovery }) => discovery.close())))
}

/** The sum of all series of a metric whose labels contain `labels`. */
export function metric(metrics: Metrics, name: string, labels = ''): number {
  const plain = name.replaceAll('.', '_')
  let sum = 0
  for (const line of metrics.text().split('\n')) {
    const match = /^([a-z_]+)(\{.*\})? (\S+)$/.exec(line)
    if (match === null || (match[1] !== plain && match[1] !== `${plain}_total`) || !(match[2] ?? '').includes(labels)) continue
    sum += Number(match[3])
  }
  return sum
}
