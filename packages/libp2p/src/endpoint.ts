import { check, CloseReasons, componentLogger, deadline, MosaikError, shortId, signWith, splitAddress, uniqueId } from '@mosaik/core'
import type {
  ByteStream,
  Clock,
  Endpoint,
  Gossip,
  Labels,
  Logger,
  Metrics,
  NetworkId,
  PeerId,
  Prng,
  Rendezvous,
  WaitOptions,
  Watch,
} from '@mosaik/core'
import { systemClock, systemPrng } from '@mosaik/core/system'
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { watchAddresses, type OwnAddresses } from './addresses.ts'
import { Connections } from './connections.ts'
import { CONTROL_PROTOCOL } from './control/frames.ts'
import { Dialer } from './dialer.ts'
import { attachExtras, nodeParts } from './extras.ts'
import { createAddressBook, type AddressBook } from './logic/address-book.ts'
import { createNode, startNode, stopNode, type Node } from './node.ts'
import { networkMetrics } from './network-metrics.ts'
import { resolveOptions, type EndpointOptions, type ResolvedOptions } from './options.ts'
import type { Extras, Host } from './seam.ts'
import type { Session } from './session.ts'
import { Streams } from './streams.ts'

/** `open` and `connect` end after this time at the latest, ms. */
const OPEN_MS = 10_000
/** Sockets let go of their port when their connections have drained. Where that takes longer, it happens after `close`, ms. */
const STOP_MS = 500
/** libp2p's own count of streams per protocol is out of the way: the endpoint counts. */
const HANDLE = { maxInboundStreams: 100_000, maxOutboundStreams: 100_000, runOnLimitedConnection: true }

/**
 * Starts an endpoint in the network `name` (text, or a network id). It listens when this resolves, within a second also
 * without any network, and touches nothing outside but what it is told to dial.
 *
 * Rejects with `ERR_INVALID_OPTION`, `ERR_LISTEN` (an address could not be had), `ERR_QUIC_UNAVAILABLE` (no binary for
 * this platform), or the signal's reason.
 */
export async function createEndpoint(name: string, options?: EndpointOptions): Promise<Endpoint> {
  const networkId = uniqueId(check.text<string>('name', name))
  const resolved = resolveOptions(options)
  resolved.signal?.throwIfAborted()
  const node = await createNode(resolved, nodeParts(resolved))
  const endpoint = new Libp2pEndpoint(networkId, resolved, node)
  try {
    await endpoint.start()
    resolved.signal?.throwIfAborted()
  } catch (error) {
    await endpoint.close()
    throw error
  }
  return endpoint
}

class Libp2pEndpoint implements Endpoint {
  readonly id: PeerId
  readonly networkId: NetworkId
  readonly clock: Clock = systemClock
  readonly prng: Prng = systemPrng
  readonly logger: Logger
  readonly metrics: Metrics
  readonly #options: ResolvedOptions
  readonly #node: Node
  readonly #book: AddressBook = createAddressBook()
  readonly #connections: Connections
  readonly #streams: Streams
  readonly #dialer: Dialer
  readonly #labels: Labels
  readonly #closing = new AbortController()
  #addresses: OwnAddresses | undefined
  #extras: Extras | undefined
  #closed: Promise<void> | undefined

  constructor(networkId: NetworkId, options: ResolvedOptions, node: Node) {
    this.id = options.id
    this.networkId = networkId
    this.metrics = options.metrics
    this.logger = options.logger
    this.#options = options
    this.#node = node
    this.#labels = { network: shortId(networkId) }
    const { clock, prng, id } = this
    const logger = componentLogger(options.logger, 'mosaik:network')
    const metrics = networkMetrics(options.metrics, this.#labels)
    this.#streams = new Streams({ clock, logger, metrics, onProgress: (session) => this.#connections.onStreamProgress(session) })
    this.#connections = new Connections({
      id,
      networkId,
      clock,
      prng,
      logger,
      metrics,
      onStream: (session, protocol, stream) => this.#streams.inbound(session, protocol, stream),
    })
    this.#dialer = new Dialer({ id, clock, connections: this.#connections, book: this.#book, metrics, dial: node.dial })
  }

  async start(): Promise<void> {
    const { libp2p, internals } = this.#node
    libp2p.addEventListener('connection:open', (event) => this.#connections.opened(event.detail))
    await internals.registrar.handle(
      CONTROL_PROTOCOL,
      (stream: Stream, connection: Connection) => this.#connections.onControlStream(stream, connection),
      HANDLE,
    )
    await startNode(this.#node)
    this.#addresses = watchAddresses(this.#node, this.id, this.clock)
    this.#extras = await attachExtras(this.#host())
  }

  /** Aborts as soon as the endpoint closes. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  get addresses(): readonly string[] {
    return this.addressesWatch.value
  }

  get addressesWatch(): Watch<readonly string[]> {
    return this.#addresses!.watch
  }

  get connections(): Watch<ReadonlySet<PeerId>> {
    return this.#connections.verified
  }

  get online(): Watch<boolean> {
    return this.#addresses!.online
  }

  get gossip(): Gossip {
    return this.#extras!.gossip
  }

  get rendezvous(): Rendezvous {
    return this.#extras!.rendezvous
  }

  async open(to: string, protocol: string, options: WaitOptions = {}): Promise<ByteStream> {
    return this.#within(to, options, async (signal) => {
      const session = await this.#dialer.connect(to, signal)
      try {
        return await this.#openOn(session, protocol, signal)
      } catch (error) {
        // The connection was dead and nobody had noticed yet: once more, on a new one.
        if (session.usable || signal.aborted) throw error
        return await this.#openOn(await this.#dialer.connect(to, signal), protocol, signal)
      }
    })
  }

  async connect(to: string, options: WaitOptions = {}): Promise<PeerId> {
    return this.#within(to, options, async (signal) => (await this.#dialer.connect(to, signal)).peer)
  }

  async disconnect(peer: PeerId): Promise<void> {
    const session = this.#connections.current(peer)
    if (session === undefined) return
    const reason = new MosaikError('ERR_CLOSED', 'disconnected')
    for (const stream of [...session.streams]) stream.abort(reason)
    await this.#connections.goodbye(session, CloseReasons.Success)
  }

  release(peer: PeerId): void {
    this.#connections.release(peer)
  }

  learn(peer: PeerId, addresses: readonly string[]): void {
    const own = addresses.map((address) => splitAddress(address)).filter(({ peerId }) => peerId === undefined || peerId === peer)
    this.#book.learn(peer, own.map(({ address }) => address).filter(isDialable))
  }

  handle(protocol: string, accept: (stream: ByteStream) => void): void {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason
    if (this.#streams.handles(protocol)) throw new MosaikError('ERR_ALREADY_EXISTS', `${protocol} is served already; unhandle it first`)
    this.#streams.handle(protocol, accept)
    const handler = (stream: Stream, connection: Connection): void => this.#connections.onProtocolStream(protocol, stream, connection)
    this.#node.internals.registrar.handle(protocol, handler, HANDLE).catch((error: Error) => this.logger.warn('%s', error.message))
  }

  unhandle(protocol: string): void {
    if (!this.#streams.handles(protocol)) return
    this.#streams.unhandle(protocol)
    this.#node.internals.registrar.unhandle(protocol).catch((error: Error) => this.logger.warn('%s', error.message))
  }

  sign(bytes: Uint8Array): Uint8Array {
    return signWith(this.#options.secretKey, bytes)
  }

  close(): Promise<void> {
    this.#closed ??= this.#shutDown()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #shutDown(): Promise<void> {
    const reason = new MosaikError('ERR_CLOSED', 'the endpoint was closed')
    this.#closing.abort(reason)
    await this.#extras?.close().catch((error: Error) => this.logger.warn('closing: %s', error.message))
    for (const session of this.#connections.sessions) for (const stream of session.streams) stream.end()
    await this.#connections.close(reason)
    this.#streams.close()
    this.#addresses?.close(reason)
    const late = (): MosaikError => new MosaikError('ERR_TIMEOUT', `the listeners take longer than ${STOP_MS} ms to stop`)
    await deadline(this.clock, STOP_MS, () => stopNode(this.#node), late).catch((error: Error) => {
      this.logger.warn('closing: %s', error.message)
    })
  }

  async #openOn(session: Session, protocol: string, signal: AbortSignal): Promise<ByteStream> {
    try {
      const stream = await session.connection.newStream(protocol, {
        signal,
        runOnLimitedConnection: true,
        maxOutboundStreams: HANDLE.maxOutboundStreams,
      })
      return this.#streams.outbound(session, protocol, stream)
    } catch (error) {
      if (signal.aborted) throw error
      const unspoken = (error as Error).name === 'UnsupportedProtocolError'
      const message = unspoken ? `${session.peer} does not serve ${protocol}` : `no stream to ${session.peer}: ${(error as Error).message}`
      throw new MosaikError('ERR_UNREACHABLE', message, { cause: error })
    }
  }

  /** Runs a wait for a peer within its limits: the caller's signal, the deadline, and the life of the endpoint. */
  async #within<T>(to: string, { signal }: WaitOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal?.throwIfAborted()
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason
    const { address, peerId } = splitAddress(to)
    if ((address === '' && peerId === undefined) || (address !== '' && !isDialable(address))) {
      throw new MosaikError(
        'ERR_INVALID_OPTION',
        `${JSON.stringify(to)} is neither an address (/ip4/…/udp/…/quic-v1, best with /p2p/<peer id>) nor a peer id`,
      )
    }
    const both = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal])
    const late = (): MosaikError => new MosaikError('ERR_TIMEOUT', `no answer from ${to} within ${OPEN_MS} ms`)
    return deadline(this.clock, OPEN_MS, work, late, { signal: both })
  }

  #host(): Host {
    const connections = this.#connections
    return {
      id: this.id,
      networkId: this.networkId,
      privateKey: this.#node.privateKey,
      libp2p: this.#node.libp2p,
      options: this.#options,
      clock: this.clock,
      prng: this.prng,
      logger: this.logger,
      metrics: this.metrics,
      labels: this.#labels,
      signal: this.#closing.signal,
      connections: this.connections,
      connection: (peer) => connections.current(peer)?.connection,
      onVerified: (listener) => addTo(connections.onVerified, listener),
      onLost: (listener) => addTo(connections.onLost, listener),
      addresses: this.addressesWatch,
      announce: (source, addresses) => this.#addresses!.announce(source, addresses),
      learn: (peer, addresses) => this.learn(peer, addresses),
      known: (peer) => this.#book.get(peer),
      connect: (to, options) => this.connect(to, options),
      upgrade: (peer, addresses, options = {}) => this.#within(peer, options, (signal) => this.#dialer.upgrade(peer, addresses, signal)),
      tolerate: (tolerated) => addTo(connections.tolerated, tolerated),
    }
  }
}

function addTo<T>(set: Set<T>, item: T): () => void {
  set.add(item)
  return () => void set.delete(item)
}

function isDialable(address: string): boolean {
  try {
    return multiaddr(address).getComponents().length > 0
  } catch {
    return false
  }
}
