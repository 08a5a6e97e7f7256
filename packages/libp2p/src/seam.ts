import type { Gossip, Logger, Metrics, PeerId, Prng, Clock, NetworkId, Labels, Rendezvous, WaitOptions, Watch } from '@mosaik/core'
import type { Connection, PeerDiscovery, PrivateKey, Transport } from '@libp2p/interface'
import type { Libp2p, Libp2pOptions } from 'libp2p'
import type { ResolvedOptions } from './options.ts'

// The seam between the endpoint (node, dialer, control streams) and what rides on it (gossip, rendezvous, relay, mDNS,
// UPnP, direct upgrades). `extras.ts` implements `nodeParts` and `attachExtras`; `endpoint.ts` calls them.

/** libp2p's components. Services get them as argument; typed loosely because each service declares what it needs. */
// eslint-disable-next-line typescript/no-explicit-any -- libp2p's own type of a service's argument differs per service
export type Components = any

/** What extras add to the libp2p node before it starts. Noise, TLS, yamux, TCP, memory and QUIC are there already. */
export interface NodeParts {
  readonly services?: Readonly<Record<string, (components: Components) => unknown>>
  readonly transports?: readonly ((components: Components) => Transport)[]
  readonly peerDiscovery?: readonly ((components: Components) => PeerDiscovery)[]
  /** Further listen addresses, such as relay reservations. */
  readonly listen?: readonly string[]
  /** Overrides of single libp2p settings, merged last. */
  readonly settings?: Partial<Libp2pOptions>
}

/** A running node as the extras see it. */
export interface Host {
  readonly id: PeerId
  readonly networkId: NetworkId
  readonly privateKey: PrivateKey
  readonly libp2p: Libp2p
  readonly options: ResolvedOptions
  readonly clock: Clock
  readonly prng: Prng
  readonly logger: Logger
  readonly metrics: Metrics
  /** Labels for every metric of this endpoint: `network` (short id). */
  readonly labels: Labels
  /** Aborts when the endpoint closes, before the connections go. */
  readonly signal: AbortSignal

  /** Peers with a verified connection (hello and ack exchanged). */
  readonly connections: Watch<ReadonlySet<PeerId>>
  /** The verified libp2p connection to a peer. There is one at most; a relayed one has a `/p2p-circuit` address. */
  connection(peer: PeerId): Connection | undefined
  /** Called synchronously for each connection that becomes a peer's verified one. Must not throw. Returns what removes it. */
  onVerified(listener: (peer: PeerId, connection: Connection) => void): () => void
  /** Called synchronously when a peer's last verified connection is gone. Must not throw. */
  onLost(listener: (peer: PeerId) => void): () => void

  /** The addresses of the endpoint: dialable, each ending in `/p2p/<id>`. */
  readonly addresses: Watch<readonly string[]>
  /** Adds addresses where this node can be reached besides its listeners (relay, UPnP); replaces what `source` announced before. */
  announce(source: string, addresses: readonly string[]): void
  /** As `Endpoint.learn`. */
  learn(peer: PeerId, addresses: readonly string[]): void
  /** What the address book holds for a peer. */
  known(peer: PeerId): readonly string[]

  /** As `Endpoint.connect`. */
  connect(to: string, options?: WaitOptions): Promise<PeerId>
  /**
   * Dials one address of a connected peer and makes that connection the peer's verified one when it is up. Streams on
   * the older connection live on until they end; new ones use the new connection.
   */
  upgrade(peer: PeerId, addresses: readonly string[], options?: WaitOptions): Promise<void>
  /**
   * Connections to peers for which `tolerated` answers true may live without a hello: relays and DHT servers that are
   * not of this network. Streams of Mosaik protocols are still refused there. Returns what removes it.
   */
  tolerate(tolerated: (peer: PeerId) => boolean): () => void
}

/** What rides on the node. */
export interface Extras {
  readonly gossip: Gossip
  readonly rendezvous: Rendezvous
  /** Stops everything of its own; settles within 500 ms. The connections still live then. */
  close(): Promise<void>
}
