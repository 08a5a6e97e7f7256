import type { Duration, Endpoint, GroupId, NetworkId, PeerId, StreamId, Tag, Ticket, UniqueId, WaitOptions, Watch } from '@mosaik/core'

export interface DhtOptions {
  /** Addresses of nodes that serve this table; 64 at most, none for the first one. */
  bootstrap: readonly string[]
  /** Store records for others (default true). */
  serve?: boolean
  /** How often records are renewed and looked up while this node has peers: default 60 s, at least 1 s. Alone it looks every 5 s. */
  interval?: Duration
}

export interface DiscoveryOptions {
  /**
   * Addresses of nodes to join through; 64 at most. They are dialled at the start and again for as long as whoever is there
   * is missing here; one that does not work is logged as a warning, once.
   */
  bootstrap?: string | readonly string[]
  /** What `addTags` takes, from the start. */
  tags?: string | readonly string[]
  /**
   * How often, at most, the own entry is renewed and catalogs are compared. Default 15 s; durations are 10 ms to 24 h. Keep
   * it well below `purgeAfter`, or others take this node for gone between two announcements.
   */
  announceInterval?: Duration
  /** The next delay is uniform in interval × [1 − jitter, 1 + jitter]. Default 0.5, between 0 and 1. */
  announceJitter?: number
  /** Entries older than this are hidden and removed. Default 300 s. */
  purgeAfter?: Duration
  /** How far in the future an entry may be dated. Default 10 s. */
  maxTimeDrift?: Duration
  /** Events kept for a reader that fell behind. Default 100. */
  eventsBacklog?: number
  /** Where to meet without knowing an address: nowhere (default), in the public Kademlia table, or in one of your own. */
  dht?: false | 'public' | DhtOptions
  /** How often peers are probed whose round-trip time somebody wants to know, ± 50 %. Default 30 s. */
  rttProbeInterval?: Duration
  /** Hides peers whose smoothed round-trip time is known and above this. Default: nobody is hidden. */
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
  /** What groups show of their key beside their id, 16 hex digits, if any does: two ids with one hint are likely configured differently. */
  readonly hints?: ReadonlyMap<GroupId, string>
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
export type Advertisement = { readonly stream: StreamId } | { readonly group: GroupId; readonly hint?: string }

/**
 * A node's part in finding others and being found. What changes the own entry throws `ERR_INVALID_OPTION` for arguments
 * that are none, `ERR_TOO_LARGE` over a limit of an entry (nothing is changed then) and `ERR_CLOSED` after close; what
 * changes nothing sends nothing.
 */
export interface Discovery extends AsyncDisposable {
  /** The floor below, for whoever composes on top of this one. */
  readonly endpoint: Endpoint
  /**
   * Everyone known, as immutable pictures: one per turn in which anything changed, and one with each new round-trip time,
   * so that rules which use them are looked at again. Waits reject with `ERR_CLOSED` on close; the last picture stays
   * readable.
   */
  readonly catalog: Watch<Catalog>
  /** The own entry as it is now. A new object with a later version after each change, the same one otherwise. */
  readonly me: PeerEntry
  /**
   * Every change of the catalog from this call on, whatever its source: gossip, sync, `feed`, `insert`, `remove`, expiry.
   * A reader that fell behind gets `lagged` and then the newest `eventsBacklog`. Ends on close; an abort rejects with
   * `signal.reason`.
   */
  events(options?: WaitOptions): AsyncIterable<DiscoveryEvent>
  /**
   * Connects to these addresses and compares catalogs, in the background and best effort. They are remembered (64 at most)
   * and tried again while this node is alone. Throws `ERR_INVALID_OPTION` or `ERR_CLOSED`.
   */
  dial(...addresses: string[]): void
  /**
   * Compares catalogs with whoever is at an address (or with a peer, by its id), both ways, and resolves when that is
   * done. A comparison that begins after the call is shared by all who ask. Rejects with `ERR_UNREACHABLE`,
   * `ERR_DIFFERENT_NETWORK`, `ERR_TIMEOUT` (10 s for the connection and for every answer, 60 s in all), `ERR_PROTOCOL`,
   * `ERR_CLOCK_SKEW` (the clocks are more than `maxTimeDrift` apart; what both accept has been exchanged),
   * `ERR_INVALID_OPTION` or `ERR_CLOSED`.
   */
  syncWith(address: string, options?: WaitOptions): Promise<void>
  /** Tags are ids: text of 64 hex digits is taken as it is, other text is hashed. At most 4 096. */
  addTags(...text: string[]): void
  removeTags(...text: string[]): void
  /** Public: everyone in the network can read it. At most 256, each 128 KiB; all that an entry says together 512 KiB. */
  addTicket(ticket: Ticket): void
  removeTicket(id: UniqueId): void
  /** Takes out every ticket of this class (an id or a name). */
  removeTickets(cls: string): void
  /** The only ticket of its class from now on: one change, never a moment without. */
  replaceTicket(ticket: Ticket): void
  /**
   * A signed entry that came another way (`exportMe` of another node). True when it changed the catalog; false for
   * anything that is not admitted: forged, untimely, of another network, known already, about this node, or after close.
   * Never throws.
   */
  feed(signed: Uint8Array): boolean
  /** The own entry, signed, as bytes to carry elsewhere. */
  exportMe(): Uint8Array
  /**
   * An entry by hand: kept here, never passed on, never stale, replaced by a signed one. Does not dial, but the addresses
   * are known from then on. False for this node itself, other networks, where a signed entry stands, when the catalog is
   * full, and after close.
   */
  insert(entry: UnsignedEntry): boolean
  /** Takes out an entry that was inserted by hand; false when there is none. */
  remove(peer: PeerId): boolean
  /** Takes out all entries that were inserted by hand. */
  clearUnsigned(): void
  /**
   * Smoothed, ms; also for peers hidden by `maxRtt`. Undefined while nothing was measured, and after four probe intervals
   * without an answer.
   */
  rtt(peer: PeerId): number | undefined
  /**
   * Puts a stream or group into the own entry; the answer takes it out again. Counted: the last withdrawal removes it. A hint (of
   * the first) goes with a group.
   */
  advertise(what: Advertisement): () => void
  /**
   * Measures once now unless a sample is already there; undefined when the peer does not answer within 1 s. One probe in
   * flight per peer. From then on the peer is probed in the background while it is in the catalog.
   */
  measureRtt(peer: PeerId, options?: WaitOptions): Promise<number | undefined>
  /** Says goodbye to the network (half a second at most) and ends everything here. The endpoint stays. Idempotent. */
  close(): Promise<void>
}
