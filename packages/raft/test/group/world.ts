import type { Endpoint, PeerId } from '@mosaik/core'
import { simWorld } from '@mosaik/core/testing'
import type { SimWorld } from '@mosaik/core/testing'
import { createDiscovery } from '@mosaik/discovery'
import type { Discovery } from '@mosaik/discovery'
import { groupKey } from '../../src/group-key.ts'
import { createGroups } from '../../src/groups.ts'
import type { Group, Groups, JoinOptions, StateMachine } from '../../src/types.ts'

/** Keeps everything it was told, and where that stood. */
export class Journal implements StateMachine<string, 'all' | 'size', readonly string[] | number, number, readonly string[]> {
  readonly name = 'journal'
  lines: string[] = []

  apply(line: string): number {
    if (line === 'poison') throw new Error('poisoned')
    return this.lines.push(line)
  }
  query(what: 'all' | 'size'): readonly string[] | number {
    return what === 'size' ? this.lines.length : [...this.lines]
  }
  snapshot(): readonly string[] {
    return [...this.lines]
  }
  install(lines: readonly string[]): void {
    this.lines = [...lines]
  }
}

export type JournalGroup = Group<string, 'all' | 'size', readonly string[] | number, number>

export interface Node {
  readonly id: PeerId
  readonly endpoint: Endpoint
  readonly discovery: Discovery
  readonly groups: Groups
  readonly journal: Journal
  readonly group: JournalGroup
}

async function collect(group: JournalGroup, into: Set<string>): Promise<void> {
  for await (const event of group.events()) {
    if (event.type === 'superseded') for (const { command } of event.entries) into.add(command as string)
  }
}

/** Nodes of a simulated world that are in one group. */
export class GroupWorld implements AsyncDisposable {
  readonly sim: SimWorld
  readonly nodes: Node[] = []
  /** Commands that were handed over because their history has lost. */
  readonly superseded: Set<string> = new Set()

  constructor(seed: string | number) {
    this.sim = simWorld({ seed, latency: { min: 1, max: 4 } })
  }

  async node(options: Partial<JoinOptions> = {}): Promise<Node> {
    return this.#populate(await this.sim.endpoint('groups'), options)
  }

  /** So many nodes, and a leader that all of them know. */
  async cluster(count: number, options: Partial<JoinOptions> = {}): Promise<Node[]> {
    for (let i = 0; i < count; i++) await this.node(options)
    await this.run(this.ledBySame(this.nodes))
    return this.nodes
  }

  /** Killed: no goodbye. */
  crash(node: Node): void {
    this.sim.crash(node.endpoint)
    this.nodes.splice(this.nodes.indexOf(node), 1)
  }

  async restart(node: Node, options: Partial<JoinOptions> = {}): Promise<Node> {
    if (this.nodes.includes(node)) this.nodes.splice(this.nodes.indexOf(node), 1)
    return this.#populate(await this.sim.restart(node.endpoint), options)
  }

  run<T>(what: Promise<T>): Promise<T> {
    return this.sim.run(what, { within: 600_000 })
  }

  /** All of them agree on a leader among them. */
  async ledBySame(nodes: readonly Node[]): Promise<Node> {
    for (;;) {
      for (const { group } of nodes) await group.when.leaderElected()
      const leader = nodes.find(({ group }) => group.isLeader)
      if (leader !== undefined && nodes.every(({ group }) => group.leader === leader.id)) return leader
      await this.pass(50)
    }
  }

  pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.sim.clock.after(ms, resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sim.close()
  }

  async #populate(endpoint: Endpoint, options: Partial<JoinOptions>): Promise<Node> {
    const bootstrap = this.nodes.flatMap((node) => node.endpoint.addresses.slice(0, 1)).slice(0, 2)
    const discovery = await createDiscovery(endpoint, { bootstrap, announceInterval: '2s' })
    const groups = createGroups(discovery)
    const journal = new Journal()
    const group = groups.join({ key: groupKey('journal'), machine: journal, consensus: 'fast', ...options })
    const node = { id: endpoint.id, endpoint, discovery, groups, journal, group }
    this.nodes.push(node)
    void collect(group, this.superseded)
    return node
  }
}
