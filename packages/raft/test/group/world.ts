import type { Endpoint, PeerId } from '@mosaik/core'
import { MosaikError } from '@mosaik/core'
import type { SimEndpointOptions, SimWorld } from '@mosaik/core/testing'
import type { Discovery, DiscoveryOptions } from '@mosaik/discovery'
import { groupKey } from '../../src/group-key.ts'
import type { LogStore } from '../../src/storage/types.ts'
import { Cluster } from '../../src/testing/sim-group/cluster.ts'
import type { SimGroup, SimMember, SimStorage } from '../../src/testing/sim-group/types.ts'
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

/** A member of a group of journals; what is here is of its newest life. */
export class Node {
  readonly member: SimMember<Journal>

  constructor(member: SimMember<Journal>) {
    this.member = member
  }

  get id(): PeerId {
    return this.member.id
  }
  get endpoint(): Endpoint {
    return this.member.endpoint
  }
  get discovery(): Discovery {
    return this.member.discovery
  }
  get groups(): Groups {
    return this.member.groups
  }
  get journal(): Journal {
    return this.member.machine
  }
  get group(): JournalGroup {
    return this.member.group
  }
  /** Everything that its group has told since it was joined. */
  get told(): readonly GroupEvent[] {
    return this.member.events
  }
}

/** How a promise ended: `done`, or the code of its error. */
export async function outcome(what: Promise<unknown>): Promise<string> {
  return what.then(
    () => 'done',
    (error: unknown) => (MosaikError.is(error) ? error.code : `not ours: ${String(error)}`),
  )
}

/** A simulated group of journals, each node with options of its own. */
export class GroupWorld implements AsyncDisposable {
  /** Those that have not been killed, in the order in which they were started. */
  readonly nodes: Node[] = []
  /** For nodes to come. */
  discovery: DiscoveryOptions = {}
  /** Commands that were handed over because their history has lost. */
  readonly superseded: Set<string> = new Set()
  readonly #group: SimGroup<Journal>

  constructor(seed: string | number) {
    this.#group = new Cluster({ seed, latency: { min: 1, max: 4 }, machine: () => new Journal(), key: groupKey('journal') })
  }

  get sim(): SimWorld {
    return this.#group.world
  }

  async node({ storage, ...options }: Partial<JoinOptions> = {}, endpoint: SimEndpointOptions = {}): Promise<Node> {
    return this.#started(new Node(await this.#group.add({ ...options, storage: storageOf(storage), endpoint, discovery: this.discovery })))
  }

  /** So many nodes, and a leader that all of them know. */
  async cluster(count: number, options: Partial<JoinOptions> = {}): Promise<Node[]> {
    for (let i = 0; i < count; i++) await this.node(options)
    await this.ledBySame(this.nodes)
    return this.nodes
  }

  /** Killed: no goodbye. */
  crash(node: Node): void {
    this.#group.crash(node.member)
    this.#forget(node)
  }

  async restart(node: Node, { storage, ...options }: Partial<JoinOptions> = {}): Promise<Node> {
    this.#forget(node)
    await this.#group.restart(node.member, { ...options, storage: storageOf(storage) })
    return this.#started(node)
  }

  run<T>(what: Promise<T>): Promise<T> {
    return this.#group.run(what)
  }

  /** All of them agree on a leader among them. */
  async ledBySame(nodes: readonly Node[]): Promise<Node> {
    return this.#nodeOf(await this.#group.leader(nodes.map(({ member }) => member)))
  }

  /** Waits until it holds. */
  until(holds: () => boolean, what: string, ms = 60_000): Promise<void> {
    return this.#group.until(holds, what, ms)
  }

  /** A cluster in which everyone who may have a vote has one. */
  async voters(count: number, options: Partial<JoinOptions> = {}): Promise<Node[]> {
    const nodes = await this.cluster(count, options)
    await this.settled(nodes)
    return [...nodes]
  }

  /** Everyone follows one leader, all votes are given, and all have applied all that is committed. Answers the leader. */
  async settled(nodes: readonly Node[], voters?: number): Promise<Node> {
    const members = nodes.map(({ member }) => member)
    return this.#nodeOf(await this.#group.settled(members, voters === undefined ? {} : { voters }))
  }

  /** The settled state of all of them, which is the same to the byte. */
  async sameState(nodes: readonly Node[], voters?: number): Promise<readonly string[]> {
    const members = nodes.map(({ member }) => member)
    return (await this.#group.converged(members, voters === undefined ? {} : { voters })).machine.lines
  }

  pass(ms: number): Promise<void> {
    return this.#group.pass(ms)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#group[Symbol.asyncDispose]()
  }

  #nodeOf(member: SimMember<Journal>): Node {
    return this.nodes.find((node) => node.member === member) as Node
  }

  #forget(node: Node): void {
    if (this.nodes.includes(node)) this.nodes.splice(this.nodes.indexOf(node), 1)
  }

  #started(node: Node): Node {
    this.nodes.push(node)
    void this.#collect(node.group)
    return node
  }

  async #collect(group: JournalGroup): Promise<void> {
    for await (const event of group.events()) {
      if (event.type === 'superseded') for (const { command } of event.entries) this.superseded.add(command as string)
    }
  }
}

function storageOf(store: LogStore | undefined): SimStorage {
  return store === undefined ? 'memory' : () => store
}
