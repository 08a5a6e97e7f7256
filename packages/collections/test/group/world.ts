import { MosaikError } from '@mosaik/core'
import type { Endpoint, Logger, PeerId } from '@mosaik/core'
import { simWorld } from '@mosaik/core/testing'
import type { SimWorld } from '@mosaik/core/testing'
import { createDiscovery } from '@mosaik/discovery'
import type { Discovery } from '@mosaik/discovery'
import { createGroups } from '@mosaik/raft'
import type { Groups, JoinOptions } from '@mosaik/raft'
import { createCollections } from '../../src/index.ts'
import type { Collection, Collections } from '../../src/index.ts'

/** One run of a node, from the bottom up to its collections. */
export interface Node {
  readonly id: PeerId
  readonly endpoint: Endpoint
  readonly discovery: Discovery
  readonly groups: Groups
  readonly collections: Collections
}

export interface NodeOptions {
  readonly logger?: Logger
  /** What the groups of its collections keep of their logs. Small numbers make snapshots often. */
  readonly retention?: JoinOptions['retention']
}

const POLL_MS = 20
const MAX_BOOTSTRAP = 3

/** Nodes with collections, in virtual time. */
export class CollectionWorld implements AsyncDisposable {
  readonly sim: SimWorld
  readonly nodes: Node[] = []

  constructor(seed: string | number) {
    this.sim = simWorld({ seed, latency: { min: 1, max: 4 } })
  }

  async node({ logger, retention }: NodeOptions = {}): Promise<Node> {
    const label = `n${this.nodes.length + 1}`
    return this.#started(await this.sim.endpoint('collections', { label, ...(logger && { logger }) }), retention)
  }

  async some(count: number, options?: NodeOptions): Promise<Node[]> {
    for (let i = 0; i < count; i++) await this.node(options)
    return this.nodes.slice(-count)
  }

  /** Killed: no goodbye. */
  crash(node: Node): void {
    this.sim.crash(node.endpoint)
    this.nodes.splice(this.nodes.indexOf(node), 1)
  }

  /** Another life of a node, with the same key. */
  async restart(node: Node): Promise<Node> {
    if (this.nodes.includes(node)) this.crash(node)
    return this.#started(await this.sim.restart(node.endpoint))
  }

  /** Cuts these off from everyone else. */
  partition(...nodes: readonly Node[]): () => void {
    return this.sim.partition(nodes.map(({ endpoint }) => endpoint))
  }

  run<T>(work: Promise<T>): Promise<T> {
    return this.sim.run(work)
  }

  pass(ms: number): Promise<void> {
    return this.sim.run(ms)
  }

  async until(holds: () => boolean, what: () => string, ms = 60_000): Promise<void> {
    const end = this.sim.now + ms
    while (!holds()) {
      if (this.sim.now >= end) throw new Error(`waited ${ms} ms for this: ${what()}`)
      await this.pass(POLL_MS)
    }
  }

  /** All of them are online, in one history. */
  async together(...collections: readonly Collection<unknown>[]): Promise<void> {
    const facts = ({ group, isOnline }: Collection<unknown>): string => `${isOnline} ${group.lineage}`
    await this.until(
      () => new Set(collections.map(facts)).size === 1 && collections.every(({ isOnline }) => isOnline),
      () => `${collections.length} members together, but ${collections.map(facts).join('; ')}`,
    )
  }

  /** Everyone has what the first one has. */
  async level(first: Collection<unknown>, ...others: readonly Collection<unknown>[]): Promise<void> {
    await this.run(Promise.all(others.map(({ when }) => when.reaches(first.version))).then(() => {}))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sim.close()
  }

  async #started(endpoint: Endpoint, retention?: NodeOptions['retention']): Promise<Node> {
    const bootstrap = this.nodes.slice(0, MAX_BOOTSTRAP).flatMap((node) => node.endpoint.addresses.slice(0, 1))
    const discovery = await createDiscovery(endpoint, { bootstrap })
    const groups = createGroups(discovery)
    const collections = createCollections(retention === undefined ? groups : keeping(groups, retention))
    const node: Node = { id: endpoint.id, endpoint, discovery, groups, collections }
    this.nodes.push(node)
    return node
  }
}

/** The same groups, each of which keeps so much. */
function keeping(groups: Groups, retention: NonNullable<NodeOptions['retention']>): Groups {
  const join = (options: JoinOptions): unknown => groups.join({ ...options, retention })
  return { endpoint: groups.endpoint, join, close: () => groups.close() } as unknown as Groups
}

/** How a promise ended: `done`, or the code of its error. */
export async function outcome(what: Promise<unknown>): Promise<string> {
  return what.then(
    () => 'done',
    (error: unknown) => (MosaikError.is(error) ? error.code : `not ours: ${String(error)}`),
  )
}

/** What a promise rejects with. */
export async function errorOf(what: Promise<unknown>): Promise<MosaikError> {
  return what.then(
    () => {
      throw new Error('it did not reject')
    },
    (error: unknown) => error as MosaikError,
  )
}
