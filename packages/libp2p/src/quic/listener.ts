import { TypedEventEmitter } from '@libp2p/interface'
import type { ComponentLogger, CreateListenerOptions, Listener, ListenerEvents, Logger } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { QuicConnection } from './connection.ts'
import { listeningAddresses, udpAddress, type UdpAddress } from './address.ts'
import type { Native, NativeConnection, NativeQuinnConfig, NativeServer } from './native.ts'

export interface ListenerInit {
  readonly native: Native
  readonly config: NativeQuinnConfig
  readonly handshakes: number
  readonly logger: ComponentLogger
  readonly options: CreateListenerOptions
}

/** A bound UDP socket. Takes many handshakes at once, so that a half-open one holds up nobody. */
export class QuicListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #init: ListenerInit
  readonly #log: Logger
  readonly #closing = new AbortController()
  readonly #connections = new Set<QuicConnection>()
  #server: NativeServer | undefined
  #socket: UdpAddress | undefined

  constructor(init: ListenerInit) {
    super()
    this.#init = init
    this.#log = init.logger.forComponent('mosaik:quic:listener')
  }

  async listen(address: Multiaddr): Promise<void> {
    const { family, host, port } = await udpAddress(address)
    const server = new this.#init.native.Server(this.#init.config, host, port)
    this.#server = server
    this.#socket = { family, host, port: server.port() }
    for (let i = 0; i < this.#init.handshakes; i++) this.#accept(server)
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
    this.#closing.abort()
    for (const connection of this.#connections) connection.abort(new Error('the listener is closed'))
    await server.abort()
    this.safeDispatchEvent('close')
  }

  #accept(server: NativeServer): void {
    server.inboundConnection().then(
      (native) => {
        this.#accept(server)
        this.#upgrade(native)
      },
      (error: Error) => {
        if (this.#server !== server) return
        this.#log.trace('a handshake failed: %s', error.message)
        setTimeout(() => {
          if (this.#server === server) this.#accept(server)
        }, 5)
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
