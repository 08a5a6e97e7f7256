import { createMetrics } from '@mosaik/core'
import type { CloseReason, Endpoint, GroupId, Logger, Metrics, PeerId } from '@mosaik/core'
import { simWorld } from '@mosaik/core/testing'
import type { SimEndpointOptions, SimWorld, SimWorldOptions } from '@mosaik/core/testing'
import { createDiscovery } from '@mosaik/discovery'
import type { Discovery } from '@mosaik/discovery'
import { createBonds } from '../../../src/bond/bonds.ts'
import type { BondingOptions, Bonds, Membership } from '../../../src/bond/types.ts'
import { groupIdOf } from '../../../src/group-id.ts'
import { groupKey } from '../../../src/group-key.ts'

export const FAST = { interval: 100, jitter: 30, maxMissed: 10 }

export interface Node {
  readonly endpoint: Endpoint
  readonly discovery: Discovery
  readonly bonds: Bonds
  readonly id: PeerId
  readonly address: string
  readonly metrics: Metrics
  /** Lines logged at info and above. */
  readonly log: string[]
}

export type Happening =
  | { readonly type: 'up'; readonly peer: PeerId; readonly hello: string }
  | { readonly type: 'down'; readonly peer: PeerId; readonly reason: CloseReason }
  | { readonly type: 'frame'; readonly peer: PeerId; readonly bytes: Uint8Array; readonly kind: 'control' | 'bulk' }
  | { readonly type: 'status'; readonly peer: PeerId; readonly status: string }

/** A group of a node that keeps what it is told. */
export interface TestGroup {
  readonly node: Node
  readonly membership: Membership
  readonly happened: Happening[]
  readonly ready: PeerId[]
  /** Peers that are bonded now. */
  readonly peers: PeerId[]
}

/** Nodes in a simulated world that know the first one's address. */
export class BondWorld implements AsyncDisposable {
  readonly sim: SimWorld
  readonly nodes: Node[] = []
  #joined = 0

  constructor(seed: string | number, options: Omit<SimWorldOptions, 'seed'> = {}) {
    this.sim = simWorld({ seed, latency: { min: 1, max: 4 }, ...options })
  }

  async node(options: SimEndpointOptions = {}): Promise<Node> {
    const metrics = createMetrics()
    const log: string[] = []
    const endpoint = await this.sim.endpoint('bonds', { metrics, logger: recordingLogger(log), ...options })
    return this.nodeOn(endpoint, metrics, log)
  }

  async nodeOn(endpoint: Endpoint, metrics: Metrics, log: string[]): Promise<Node> {
    const bootstrap = this.nodes.map(({ address }) => address).slice(0, 1)
    const discovery = await createDiscovery(endpoint, { bootstrap, announceInterval: '2s' })
    const address = endpoint.addresses[0] as string
    const node = { endpoint, discovery, bonds: createBonds(discovery), id: endpoint.id, address, metrics, log }
    this.nodes.push(node)
    return node
  }

  /** Nodes that see each other. */
  async network(count: number): Promise<Node[]> {
    while (this.nodes.length < count) await this.node()
    await this.sim.run(
      Promise.all(this.nodes.map(({ discovery }) => discovery.catalog.until(({ size }) => size === this.nodes.length - 1))),
    )
    return this.nodes
  }

  /** A node joins the group of that name, which also is its key. */
  join(node: Node, name: string, options: Partial<BondingOptions> = {}): TestGroup {
    const happened: Happening[] = []
    const ready: PeerId[] = []
    const life = ++this.#joined
    const key = groupKey(name)
    const membership = node.bonds.join({
      groupId: groupIdOf({ key }),
      key,
      timing: FAST,
      hello: () => bytesOf(`life ${life}`),
      onUp: (peer, hello) => void happened.push({ type: 'up', peer, hello: textOf(hello) }),
      onDown: (peer, reason) => void happened.push({ type: 'down', peer, reason }),
      onFrame: (peer, bytes, kind) => void happened.push({ type: 'frame', peer, bytes, kind }),
      onStatus: (peer, status) => void happened.push({ type: 'status', peer, status: textOf(status) }),
      onReady: (peer) => void ready.push(peer),
      ...options,
    })
    const peers = (): PeerId[] => membership.bonds.value.map(({ peerId }) => peerId)
    return {
      node,
      membership,
      happened,
      ready,
      get peers() {
        return peers()
      },
    }
  }

  /** The id of the group of that name. */
  idOf(name: string): GroupId {
    return groupIdOf({ key: groupKey(name) })
  }

  /** All of these are bonded with all others of them. */
  async meshed(groups: readonly TestGroup[], within = 30_000): Promise<void> {
    const others = groups.length - 1
    await this.sim.run(Promise.all(groups.map(({ membership }) => membership.bonds.until(({ length }) => length === others))), { within })
  }

  /** The condition holds after a while of virtual time. */
  async eventually(holds: () => boolean, within = 30_000): Promise<void> {
    const end = this.sim.now + within
    while (!holds()) {
      if (this.sim.now >= end) throw new Error(`it does not hold after ${within} ms`)
      await this.sim.run(10)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sim.run(Promise.all(this.nodes.map(({ bonds }) => bonds.close())))
    await this.sim.run(Promise.all(this.nodes.map(({ discovery }) => discovery.close())))
    await this.sim.close()
  }
}

function recordingLogger(lines: string[]): Logger {
  const write = (...args: unknown[]): void => void lines.push(args.map(String).join(' '))
  const logger: Logger = { debug() {}, info: write, warn: write, error: write, forComponent: () => logger }
  return logger
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/** The sum of all series of a metric whose labels contain `labels`. */
export function metric({ metrics }: Pick<Node, 'metrics'>, name: string, labels = ''): number {
  const plain = name.replaceAll('.', '_')
  let sum = 0
  for (const line of metrics.text().split('\n')) {
    const match = /^([a-z_]+)(\{.*\})? (\S+)$/.exec(line)
    if (match !== null && match[1] === plain && (match[2] ?? '').includes(labels)) sum += Number(match[3])
  }
  return sum
}

export function frames(group: TestGroup): string[] {
  return group.happened.flatMap((one) => (one.type === 'frame' ? [`${one.kind} ${textOf(one.bytes)}`] : []))
}
