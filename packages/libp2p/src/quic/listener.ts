import { TypedEventEmitter } from '@libp2p/interface'
import type { ComponentLogger, CreateListenerOptions, Listener, ListenerEvents, Logger } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { QuicConnection } from './connection.ts'
import { listeningAddresses, udpAddress, type UdpAddress } from './address.ts'
import { toNextTick } from '../logic/grid.ts'
import type { QuicLimits } from './limits.ts'
import type { Native, NativeConnection, NativeQuinnConfig, NativeServer } from './native.ts'

export interface ListenerInit {
  readonly native: Native
  readonly config: NativeQuinnConfig
  readonly limits: Pick<QuicLimits, 'handshakes' | 'maxHandshakes'>
  readonly logger: ComponentLogger
  readonly options: CreateListenerOptions
}

/** How often a listener looks at how many handshakes are half open, ms: while there are some, and while there are none. */
const LOOK_MS = 100
const LOOK_IDLE_MS = 500

/**
 * A bound UDP socket. The native side takes one handshake per call that waits for a connection, so there are always
 * some calls more than handshakes under way: half-open ones hold up nobody.
 */
export class QuicListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #init: ListenerInit
  readonly #log: Logger
  readonly #closing = new AbortController()
  readonly #connections = new Set<QuicConnection>()
  #server: NativeServer | undefined
  #socket: UdpAddress | undefined
  /** Calls that wait for a connection, and those that have had an answer. */
  #waiting = 0
  #answered = 0
  #look: NodeJS.Timeout | undefined

  constructor(init: ListenerInit) {
    super()
    this.#init = init
    this.#log = init.logger.forComponent('libp2p:mosaik:quic:listener')
  }

  async listen(address: Multiaddr): Promise<void> {
    const { family, host, port } = await udpAddress(address)
    const server = new this.#init.native.Server(this.#init.config, host, port)
    this.#server = server
    this.#socket = { family, host, port: server.port() }
    this.#keepLooking(server)
    this.safeDispatchEvent('listening')
  }

  getAddrs(): Multiaddr[] {
    return this.#socket === undefined ? [] : listeningAddresses(this.#socket)
  }

  updateAnnounceAddrs(): void {
    // QUIC addresses carry nothing that is known only at run time.
  }

  async close(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    this.#socket = undefined
    clearTimeout(this.#look)
    this.#closing.abort()
    for (const connection of this.#connections) connection.abort(new Error('the listener is closed'))
    await server.abort()
    this.safeDispatchEvent('close')
  }

  #keepLooking(server: NativeServer): void {
    if (this.#server !== server) return
    const halfOpen = this.#provide(server)
    const wait = toNextTick(performance.now(), halfOpen > 0 ? LOOK_MS : LOOK_IDLE_MS)
    this.#look = setTimeout(() => this.#keepLooking(server), wait).unref()
  }

  /** Waits for as many connections as are half open, and some more. Answers how many are. */
  #provide(server: NativeServer): number {
    if (this.#server !== server) return 0
    const { handshakes, maxHandshakes } = this.#init.limits
    const halfOpen = server.stats().acceptedHandshakes - this.#answered
    const wanted = Math.min(halfOpen + handshakes, maxHandshakes)
    while (this.#waiting < wanted) this.#accept(server)
    return halfOpen
  }

  #accept(server: NativeServer): void {
    this.#waiting++
    const answered = (): void => {
      this.#waiting--
      this.#answered++
    }
    server.inboundConnection().then(
      (native) => {
        answered()
        this.#provide(server)
        this.#upgrade(native)
      },
      (error: Error) => {
        answered()
        this.#log.trace('a handshake failed: %s', error.message)
      },
    )
  }

  #upgrade(native: NativeConnection): void {
    if (this.#server === undefined) {
      native.abort()
      return
    }
    const connection = new QuicConnection(native, 'inbound', this.#log)
    this.#connections.add(connection)
    connection.addEventListener('close', () => this.#connections.delete(connection), { once: true })
    const { remotePeer, muxerFactory } = connection
    const signal = this.#closing.signal
    this.#init.options.upgrader
      .upgradeInbound(connection, { skipEncryption: true, skipProtection: true, remotePeer, muxerFactory, signal })
      .catch((error: Error) => connection.abort(error))
  }
}
