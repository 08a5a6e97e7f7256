import type { Duration, Endpoint, GroupId, NetworkId, PeerId, StreamId, Tag, Ticket, UniqueId, WaitOptions, Watch } from '@mosaik/core'

export interface DhtOptions {
  /** Addresses of nodes that serve this table. */
  bootstrap: readonly string[]
  /** Store records for others (default true). */
  serve?: boolean
  /** How often records are renewed and looked up while this node has peers (default 60 s; 5 s while it has none). */
  interval?: Duration
}

export interface DiscoveryOptions {
  bootstrap?: string | readonly string[]
  tags?: string | readonly string[]
  /** Default 15 s. */
  announceInterval?: Duration
  /** The next delay is uniform in interval × [1 − jitter, 1 + jitter]. Default 0.5, between 0 and 1. */
  announceJitter?: number
  /** Entries older than this are hidden and removed. Default 300 s. */
  purgeAfter?: Duration
  /** How far in the future an entry may be dated. Default 10 s. */
  maxTimeDrift?: Duration
  /** Events kept for a reader that fell behind. Default 100. */
  eventsBacklog?: number
  dht?: false | 'public' | DhtOptions
  /** Default 30 s, ± 50 %. */
  rttProbeInterval?: Duration
  /** Hides peers whose smoothed round-trip time is known and above this. */
  maxRtt?: Duration
}

/** What a node says of itself. Immutable. */
export interface PeerEntry {
  readonly peerId: PeerId
  readonly networkId: NetworkId
  readonly addresses: readonly string[]
  readonly tags: ReadonlySet<Tag>
  readonly streams: ReadonlySet<StreamId>
  readonly groups: ReadonlySet<GroupId>
  readonly tickets: readonly Ticket[]
  /** When its node started, ms since the epoch by its own clock. */
  readonly startedAt: number
  /** When it was last changed, ms since the epoch by its own clock; strictly growing within a run. */
  readonly updatedAt: number
  hasTag(text: string): boolean
  /** False for entries inserted by hand. */
  readonly signed: boolean
}

export interface UnsignedEntry {
  peerId: PeerId
  addresses: readonly string[]
  tags?: Iterable<string>
  streams?: Iterable<string>
  groups?: Iterable<string>
  tickets?: readonly Ticket[]
}

/** An immutable picture of the network: everyone visible (not stale, not slower than `maxRtt`), self excluded. */
export interface Catalog extends Iterable<PeerEntry> {
  /** What iteration yields. */
  readonly size: number
  readonly me: PeerEntry
  get(peer: PeerId): PeerEntry | undefined
  has(peer: PeerId): boolean
}

export type DiscoveryEvent =
  | { readonly type: 'discovered' | 'updated'; readonly entry: PeerEntry }
  | { readonly type: 'departed'; readonly peerId: PeerId }
  | { readonly type: 'lagged'; readonly missed: number }

/** What a node offers to others; it stands in its entry while advertised. */
export type Advertisement = { readonly stream: StreamId } | { readonly group: GroupId }

export interface Discovery extends AsyncDisposable {
  /** The floor below, for whoever composes on top of this one. */
  readonly endpoint: Endpoint
  readonly catalog: Watch<Catalog>
  readonly me: PeerEntry
  events(options?: WaitOptions): AsyncIterable<DiscoveryEvent>
  dial(...addresses: string[]): void
  syncWith(address: string, options?: WaitOptions): Promise<void>
  addTags(...text: string[]): void
  removeTags(...text: string[]): void
  addTicket(ticket: Ticket): void
  removeTicket(id: UniqueId): void
  removeTickets(cls: string): void
  replaceTicket(ticket: Ticket): void
  feed(signed: Uint8Array): boolean
  exportMe(): Uint8Array
  insert(entry: UnsignedEntry): boolean
  remove(peer: PeerId): boolean
  clearUnsigned(): void
  /** Smoothed, ms; also for peers hidden by `maxRtt`. */
  rtt(peer: PeerId): number | undefined
  /** Puts a stream or group into the own entry; the answer takes it out again. Counted: the last withdrawal removes it. */
  advertise(what: Advertisement): () => void
  /** Measures once now unless a sample is already there; undefined when the peer does not answer within 1 s. One probe in flight per peer. */
  measureRtt(peer: PeerId, options?: WaitOptions): Promise<number | undefined>
  close(): Promise<void>
}
