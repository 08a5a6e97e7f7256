import { MosaikError } from '@mosaik/core'
import type { PeerId } from '@mosaik/core'
import { simWorld } from '@mosaik/core/testing'
import type { SimEndpointOptions, SimWorld } from '@mosaik/core/testing'
import { createDiscovery } from '@mosaik/discovery'
import type { Endpoint } from '@mosaik/core'
import { groupKey } from '../../../src/group-key.ts'
import { createGroups } from '../../../src/groups.ts'
import type {
  Group,
  GroupEvent,
  Groups,
  JoinOptions,
  KeyedStateMachine,
  SnapshotItem,
  SnapshotReceiver,
  SnapshotSource,
} from '../../../src/types.ts'

const PAGE = 256

/** Writes `count` neighbouring places. */
export interface Fill {
  readonly from: number
  readonly count: number
  readonly text: string
}

type Pages = readonly (readonly string[])[]

/** Texts in numbered places, without gaps, in pages that are copied when they change: a view costs nothing. */
export class Shelf implements KeyedStateMachine<Fill, 'size', number, number> {
  readonly name = 'shelf'
  pages: Pages = []
  /** Is told of every item that is read or installed. */
  onItem: () => void = () => {}
  /** Gives something else than what is here, for this item. */
  forged: number | undefined
  /** How often a state has been built aside. */
  receivers = 0
  /** How many items the states had that were installed. */
  readonly installed: number[] = []

  get size(): number {
    return this.pages.length === 0 ? 0 : (this.pages.length - 1) * PAGE + (this.pages.at(-1)?.length ?? 0)
  }

  apply({ from, count, text }: Fill): number {
    const pages = this.pages.slice()
    for (let i = from; i < from + count;) {
      const page = pages[Math.floor(i / PAGE)]?.slice() ?? []
      const end = Math.min(from + count, (Math.floor(i / PAGE) + 1) * PAGE)
      for (; i < end; i++) page[i % PAGE] = `${text} ${i}`
      pages[Math.floor((end - 1) / PAGE)] = page
    }
    this.pages = pages
    return this.size
  }

  query(): number {
    return this.size
  }

  source(): SnapshotSource {
    const { pages, size } = this
    const items = (from?: Uint8Array): Iterable<SnapshotItem> => this.#items(pages, size, from)
    return { count: size, items }
  }

  receiver(): SnapshotReceiver {
    this.receivers++
    const pages: string[][] = []
    let next = 0
    return {
      add: (items) => {
        for (const [key, value] of items) {
          this.onItem()
          const at = Buffer.from(key).readUInt32BE()
          if (at !== next++) throw new Error(`item ${at} came instead of ${next - 1}`)
          const page = (pages[Math.floor(at / PAGE)] ??= [])
          page.push(Buffer.from(value).toString())
        }
      },
      commit: () => {
        this.pages = pages
        this.installed.push(this.size)
      },
    }
  }

  *#items(pages: Pages, size: number, from: Uint8Array | undefined): Generator<SnapshotItem, void, undefined> {
    for (let at = from === undefined ? 0 : Buffer.from(from).readUInt32BE(); at < size; at++) {
      this.onItem()
      const key = Buffer.alloc(4)
      key.writeUInt32BE(at)
      yield [key, Buffer.from(at === this.forged ? 'forged' : (pages[Math.floor(at / PAGE)]?.[at % PAGE] ?? ''))]
    }
  }
}

export interface ShelfNode {
  readonly id: PeerId
  readonly endpoint: Endpoint
  readonly groups: Groups
  readonly shelf: Shelf
  readonly group: Group<Fill, 'size', number, number>
  readonly told: GroupEvent[]
}

/** Nodes of a simulated world that share a shelf, and what the most items were that one of them has handled in one turn. */
export class ShelfWorld implements AsyncDisposable {
  readonly sim: SimWorld
  readonly nodes: ShelfNode[] = []
  readonly options: Partial<JoinOptions>
  mostInTurn = 0
  #turn = -1
  #inTurn = 0

  constructor(seed: string, options: Partial<JoinOptions> = {}) {
    this.sim = simWorld({ seed, latency: { min: 1, max: 4 } })
    this.options = { retention: { entries: 4 }, ...options }
  }

  async node(options: Partial<JoinOptions> = {}, machine: SimEndpointOptions = {}): Promise<ShelfNode> {
    return this.join(await this.sim.endpoint('shelves', machine), options)
  }

  async restart(node: ShelfNode, options: Partial<JoinOptions> = {}): Promise<ShelfNode> {
    return this.join(await this.sim.restart(node.endpoint), options)
  }

  async join(endpoint: Endpoint, options: Partial<JoinOptions>): Promise<ShelfNode> {
    const bootstrap = this.nodes.flatMap((node) => node.endpoint.addresses.slice(0, 1)).slice(0, 2)
    const discovery = await createDiscovery(endpoint, { bootstrap, announceInterval: '2s' })
    const groups = createGroups(discovery)
    const shelf = new Shelf()
    shelf.onItem = () => this.#count()
    const group = groups.join({ key: groupKey('shelf'), machine: shelf, consensus: 'fast', ...this.options, ...options })
    const node: ShelfNode = { id: endpoint.id, endpoint, groups, shelf, group, told: [] }
    this.nodes.push(node)
    void collect(node)
    return node
  }

  crash(node: ShelfNode): void {
    this.sim.crash(node.endpoint)
    this.nodes.splice(this.nodes.indexOf(node), 1)
  }

  run<T>(what: Promise<T>): Promise<T> {
    return this.sim.run(what, { within: 600_000 })
  }

  pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.sim.clock.after(ms, resolve))
  }

  /** Lets time pass until it holds. */
  async until(holds: () => boolean, what: string, ms = 60_000): Promise<void> {
    for (const deadline = this.sim.now + ms; !holds(); await this.run(this.pass(5))) {
      if (this.sim.now > deadline) throw new Error(`${what}: not within ${ms} ms (${this.#standing()})`)
    }
  }

  get leader(): ShelfNode | undefined {
    return this.nodes.find(({ group }) => group.isLeader)
  }

  /** So many that vote, with so many items that everyone has a snapshot of. */
  async filled(members: number, items: number, options: (i: number) => Partial<JoinOptions> = () => ({})): Promise<void> {
    for (let i = 0; i < members; i++) await this.node(options(i))
    const voters = (): number => this.leader?.group.members.value.filter(({ standing }) => standing === 'voter').length ?? 0
    await this.until(() => voters() === members, `${members} voters`)
    await this.write(0, items)
  }

  /** In commands of at most 5 000 items each. */
  async write(from: number, count: number, text = 'first'): Promise<void> {
    const { group } = this.nodes[0]!
    for (let at = 0; at < count; at += 5_000) await this.run(group.execute({ from: from + at, count: Math.min(5_000, count - at), text }))
  }

  /** All have applied the same, and have the same. */
  async same(ms = 60_000): Promise<void> {
    const last = (): number => Math.max(...this.nodes.map(({ group }) => group.committed.value))
    await this.until(() => this.nodes.every(({ group }) => group.position.value.index === last()), 'all are at the same place', ms)
    const [first, ...others] = this.nodes
    for (const { shelf } of others) {
      if (shelf.size !== first!.shelf.size) throw new Error(`${shelf.size} items instead of ${first!.shelf.size}`)
      if (shelf.pages.flat().join('\n') !== first!.shelf.pages.flat().join('\n')) throw new Error('the states differ')
    }
    for (const { told } of this.nodes) {
      const wrong = told.find(({ type }) => type === 'diverged' || type === 'failed')
      if (wrong !== undefined) throw new MosaikError('ERR_GROUP_FAILED', `told: ${JSON.stringify(wrong)}`)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sim.close()
  }

  #standing(): string {
    return this.nodes.map(({ group, told }) => `${group.position.value.index} of ${group.committed.value}, ${told.at(-1)?.type}`).join('; ')
  }

  #count(): void {
    const { events } = this.sim.trace
    if (events !== this.#turn) [this.#turn, this.#inTurn] = [events, 0]
    this.mostInTurn = Math.max(this.mostInTurn, ++this.#inTurn)
  }
}

async function collect({ group, told }: ShelfNode): Promise<void> {
  for await (const event of group.events()) told.push(event)
}
