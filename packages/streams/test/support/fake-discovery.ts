import { createWatch, MosaikError, uniqueId } from '@mosaik/core'
import type { Endpoint, PeerId, StreamId, Ticket, UniqueId, WatchSource } from '@mosaik/core'
import type { Advertisement, Catalog, Discovery, DiscoveryEvent, PeerEntry, UnsignedEntry } from '@mosaik/discovery'

/** Everyone of a test. News travels through here after a delay that the test chooses. */
export class Universe {
  readonly members = new Map<PeerId, FakeDiscovery>()
  /** Milliseconds until others see a change of an entry. */
  newsMs = 5
  /** Nobody hears of anyone by itself. */
  silent = false

  publish(from: FakeDiscovery): void {
    if (this.silent) return
    const entry = from.me
    for (const to of this.members.values()) {
      if (to !== from) from.endpoint.clock.after(this.newsMs, () => to.learn(entry))
    }
  }
}

interface Parts {
  tags: ReadonlySet<UniqueId>
  streams: ReadonlySet<StreamId>
  tickets: readonly Ticket[]
}

/** A discovery whose catalog the test controls. */
export class FakeDiscovery implements Discovery {
  readonly endpoint: Endpoint
  readonly catalog: WatchSource<Catalog>
  readonly rtts = new Map<PeerId, number>()
  /** Who was synced with, in order. */
  readonly syncs: PeerId[] = []
  /** Who was measured, in order. */
  readonly measured: PeerId[] = []
  /** What a measurement finds. */
  measure: (peer: PeerId) => Promise<number | undefined> = async () => 1
  readonly #universe: Universe
  readonly #entries = new Map<PeerId, PeerEntry>()
  #parts: Parts = { tags: new Set(), streams: new Set(), tickets: [] }
  readonly #startedAt: number
  #updatedAt = 0
  #me: PeerEntry

  constructor(endpoint: Endpoint, universe: Universe) {
    this.endpoint = endpoint
    this.#universe = universe
    this.#startedAt = endpoint.clock.now()
    this.#me = this.#makeMe()
    this.catalog = createWatch<Catalog>(this.#snapshot())
    universe.members.set(endpoint.id, this)
    for (const other of [...universe.members.values()]) if (other !== this && !universe.silent) this.learn(other.me)
    universe.publish(this)
  }

  get me(): PeerEntry {
    return this.#me
  }

  /** Takes an entry as gossip would bring it. */
  learn(entry: PeerEntry): void {
    if (entry.networkId !== this.endpoint.networkId) return
    const known = this.#entries.get(entry.peerId)
    if (known !== undefined && known.updatedAt >= entry.updatedAt && known.signed) return
    this.#entries.set(entry.peerId, entry)
    this.endpoint.learn(entry.peerId, entry.addresses)
    this.#set()
  }

  /** Someone has left, or was forgotten. */
  forget(peer: PeerId): void {
    if (this.#entries.delete(peer)) this.#set()
  }

  announce(): void {
    this.#change({})
  }

  async *events(): AsyncGenerator<DiscoveryEvent, void, undefined> {}
  dial(): void {}

  async syncWith(peer: string): Promise<void> {
    const other = this.#universe.members.get(peer as PeerId)
    this.syncs.push(peer as PeerId)
    await this.endpoint.connect(peer)
    if (other === undefined) throw new MosaikError('ERR_UNREACHABLE', 'nobody there')
    other.learn(this.me)
    this.learn(other.me)
  }

  addTags(...text: string[]): void {
    this.#change({ tags: new Set([...this.#parts.tags, ...text.map((tag) => uniqueId(tag))]) })
  }

  removeTags(...text: string[]): void {
    const gone = new Set(text.map((tag) => uniqueId(tag)))
    this.#change({ tags: new Set([...this.#parts.tags].filter((tag) => !gone.has(tag))) })
  }

  addTicket(ticket: Ticket): void {
    this.#change({ tickets: [...this.#parts.tickets, ticket] })
  }

  removeTicket(id: UniqueId): void {
    this.#change({ tickets: this.#parts.tickets.filter((ticket) => ticket.id !== id) })
  }

  removeTickets(cls: string): void {
    this.#change({ tickets: this.#parts.tickets.filter((ticket) => ticket.class !== uniqueId(cls)) })
  }

  replaceTicket(ticket: Ticket): void {
    this.#change({ tickets: [...this.#parts.tickets.filter((old) => old.class !== ticket.class), ticket] })
  }

  feed(): boolean {
    return false
  }

  exportMe(): Uint8Array {
    return new Uint8Array(0)
  }

  insert({ peerId, addresses, tags, streams, tickets }: UnsignedEntry): boolean {
    const entry = entryOf(this.endpoint, peerId, addresses, false, 0, 0, {
      tags: new Set(Array.from(tags ?? [], (tag) => uniqueId(tag))),
      streams: new Set(Array.from(streams ?? [], (id) => uniqueId(id))),
      tickets: tickets ?? [],
    })
    if (this.#entries.get(peerId)?.signed === true) return false
    this.#entries.set(peerId, entry)
    this.#set()
    return true
  }

  remove(peer: PeerId): boolean {
    this.forget(peer)
    return true
  }

  clearUnsigned(): void {}

  rtt(peer: PeerId): number | undefined {
    return this.rtts.get(peer)
  }

  advertise(what: Advertisement): () => void {
    if (!('stream' in what)) throw new Error('only streams here')
    this.#change({ streams: new Set([...this.#parts.streams, what.stream]) })
    return () => this.#change({ streams: new Set([...this.#parts.streams].filter((id) => id !== what.stream)) })
  }

  async measureRtt(peer: PeerId): Promise<number | undefined> {
    this.measured.push(peer)
    const rtt = await this.measure(peer)
    if (rtt !== undefined) this.rtts.set(peer, rtt)
    return rtt
  }

  /** A later sample. */
  sample(peer: PeerId, rtt: number): void {
    this.rtts.set(peer, rtt)
    this.#set()
  }

  async close(): Promise<void> {
    this.#universe.members.delete(this.endpoint.id)
    for (const other of this.#universe.members.values()) other.forget(this.endpoint.id)
    this.catalog.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #change(parts: Partial<Parts>): void {
    this.#parts = { ...this.#parts, ...parts }
    this.#me = this.#makeMe()
    this.#set()
    this.#universe.publish(this)
  }

  #makeMe(): PeerEntry {
    this.#updatedAt = Math.max(this.#updatedAt + 1, this.endpoint.clock.now())
    return entryOf(this.endpoint, this.endpoint.id, this.endpoint.addresses, true, this.#startedAt, this.#updatedAt, this.#parts)
  }

  #set(): void {
    this.catalog.set(this.#snapshot())
  }

  #snapshot(): Catalog {
    const entries = new Map(this.#entries)
    return {
      me: this.#me,
      size: entries.size,
      get: (peer) => entries.get(peer),
      has: (peer) => entries.has(peer),
      [Symbol.iterator]: () => entries.values(),
    }
  }
}

function entryOf(
  { networkId }: Endpoint,
  peerId: PeerId,
  addresses: readonly string[],
  signed: boolean,
  startedAt: number,
  updatedAt: number,
  { tags, streams, tickets }: Parts,
): PeerEntry {
  return {
    peerId,
    networkId,
    addresses,
    signed,
    startedAt,
    updatedAt,
    tags,
    streams,
    tickets,
    groups: new Set(),
    hasTag: (text) => tags.has(uniqueId(text)),
  }
}
