import type { Endpoint, PeerId } from '@mosaik/core'
import { canonical, MosaikError } from '@mosaik/core'
import { simWorld } from '@mosaik/core/testing'
import type { SimEndpointOptions, SimWorld } from '@mosaik/core/testing'
import { createDiscovery } from '@mosaik/discovery'
import type { Discovery, DiscoveryOptions } from '@mosaik/discovery'
import { groupKey } from '../../src/group-key.ts'
import { createGroups } from '../../src/groups.ts'
import type { Group, GroupEvent, Groups, JoinOptions, StateMachine } from '../../src/types.ts'

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
  /** Everything that its group has told since it was joined. */
  readonly told: readonly GroupEvent[]
}

/** All of two, then an odd number up to five. */
function votersOf(members: number): number {
  const most = Math.min(members, 5)
  return most > 2 && most % 2 === 0 ? most - 1 : most
}

/** How a promise ended: `done`, or the code of its error. */
export async function outcome(what: Promise<unknown>): Promise<string> {
  return what.then(
    () => 'done',
    (error: unknown) => (MosaikError.is(error) ? error.code : `not ours: ${String(error)}`),
  )
}

async function collect(group: JournalGroup, into: Set<string>, told: GroupEvent[]): Promise<void> {
  for await (const event of group.events()) {
    told.push(event)
    if (event.type === 'superseded') for (const { command } of event.entries) into.add(command as string)
  }
}

/** Nodes of a simulated world that are in one group. */
export class GroupWorld implements AsyncDisposable {
  readonly sim: SimWorld
  readonly nodes: Node[] = []
  /** For nodes to come. */
  discovery: DiscoveryOptions = {}
  /** Commands that were handed over because their history has lost. */
  readonly superseded: Set<string> = new Set()

  constructor(seed: string | number) {
    this.sim = simWorld({ seed, latency: { min: 1, max: 4 } })
  }

  async node(options: Partial<JoinOptions> = {}, machine: SimEndpointOptions = {}): Promise<Node> {
    return this.#populate(await this.sim.endpoint('groups', machine), options)
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

  /** Waits until it holds. */
  async until(holds: () => boolean, what: string, ms = 60_000): Promise<void> {
    for (const deadline = this.sim.now + ms; !holds(); await this.pass(20)) {
      if (this.sim.now > deadline) throw new Error(`${what}: not within ${ms} ms`)
    }
  }

  /** A cluster in which everyone who may have a vote has one. */
  async voters(count: number, options: Partial<JoinOptions> = {}): Promise<Node[]> {
    const nodes = await this.cluster(count, options)
    await this.run(this.settled(nodes))
    return [...nodes]
  }

  /** Everyone follows one leader, all votes are given, and all have applied all that is committed. Answers the leader. */
  async settled(nodes: readonly Node[], voters: number = votersOf(nodes.length)): Promise<Node> {
    const leader = (): Node | undefined =>
      nodes.find(({ group }) => group.isLeader && nodes.every((node) => node.group.leader === group.leader))
    await this.until(() => {
      const group = leader()?.group
      if (group?.members.value.filter(({ standing }) => standing === 'voter').length !== voters) return false
      const { value: index } = group.committed
      return nodes.every((node) => node.group.lineage === group.lineage && node.group.position.value.index === index)
    }, `${nodes.length} nodes settled with ${voters} voters`)
    return leader() as Node
  }

  /** The settled state of all of them, which is the same to the byte. */
  async sameState(nodes: readonly Node[], voters?: number): Promise<readonly string[]> {
    await this.run(this.settled(nodes, voters))
    const [first, ...others] = nodes.map(({ journal }) => Buffer.from(canonical(journal.lines)).toString('hex'))
    for (const other of others) if (other !== first) throw new Error('the states differ')
    return nodes[0]?.journal.lines ?? []
  }

  pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.sim.clock.after(ms, resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sim.close()
  }

  async #populate(endpoint: Endpoint, options: Partial<JoinOptions>): Promise<Node> {
    const bootstrap = this.nodes.flatMap((node) => node.endpoint.addresses.slice(0, 1)).slice(0, 2)
    const discovery = await createDiscovery(endpoint, { bootstrap, announceInterval: '2s', ...this.discovery })
    const groups = createGroups(discovery)
    const journal = new Journal()
    const group = groups.join({ key: groupKey('journal'), machine: journal, consensus: 'fast', ...options })
    const told: GroupEvent[] = []
    const node = { id: endpoint.id, endpoint, discovery, groups, journal, group, told }
    this.nodes.push(node)
    void collect(group, this.superseded, told)
    return node
  }
}
