import { serviceCapabilities, transportSymbol } from '@libp2p/interface'
import type {
  ComponentLogger,
  Connection,
  CreateListenerOptions,
  DialTransportOptions,
  Listener,
  PrivateKey,
  Transport,
} from '@libp2p/interface'
import { privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { CODE_P2P, type Multiaddr } from '@multiformats/multiaddr'
import { QUIC_V1 } from '@multiformats/multiaddr-matcher'
import { raceSignal } from 'race-signal'
import { QuicConnection } from './connection.ts'
import { QuicListener } from './listener.ts'
import { udpAddress } from './address.ts'
import { DEFAULT_QUIC_LIMITS, type QuicLimits } from './limits.ts'
import { loadNative, type Native, type NativeClient, type NativeConnection, type NativeQuinnConfig } from './native.ts'

interface TransportComponents {
  readonly privateKey: PrivateKey
  readonly logger: ComponentLogger
}

/** QUIC for libp2p, over the native half of `@chainsafe/libp2p-quic`. Throws `ERR_QUIC_UNAVAILABLE` on first use without a binary. */
export function quic(limits: Partial<QuicLimits> = {}): (components: TransportComponents) => Transport {
  return (components) => new QuicTransport(components, { ...DEFAULT_QUIC_LIMITS, ...limits })
}

/** The binary, and what its two halves are told. */
interface Loaded {
  readonly binding: Native
  readonly dialer: NativeQuinnConfig
  readonly acceptor: NativeQuinnConfig
}

class QuicTransport implements Transport {
  readonly [Symbol.toStringTag]: string = 'quic'
  readonly [transportSymbol] = true as const
  readonly [serviceCapabilities]: string[] = ['@libp2p/transport']
  readonly #components: TransportComponents
  readonly #limits: QuicLimits
  readonly #clients = new Map<4 | 6, NativeClient>()
  #native: Loaded | undefined

  constructor(components: TransportComponents, limits: QuicLimits) {
    this.#components = components
    this.#limits = limits
  }

  listenFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter((address) => QUIC_V1.exactMatch(address))
  }

  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return this.listenFilter(addresses)
  }

  createListener(options: CreateListenerOptions): Listener {
    const { binding, acceptor } = this.#load()
    return new QuicListener({ native: binding, config: acceptor, limits: this.#limits, logger: this.#components.logger, options })
  }

  async dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection> {
    options.signal.throwIfAborted()
    const native = await this.#connect(address, options.signal)
    const connection = new QuicConnection(native, 'outbound', this.#components.logger.forComponent('libp2p:mosaik:quic'))
    try {
      const { remotePeer, muxerFactory } = connection
      const expected = address.getComponents().findLast((part) => part.code === CODE_P2P)?.value
      if (expected !== undefined && expected !== remotePeer.toString()) throw new Error(`another peer answered there: ${remotePeer}`)
      const { signal, upgrader } = options
      return await upgrader.upgradeOutbound(connection, { skipEncryption: true, skipProtection: true, remotePeer, muxerFactory, signal })
    } catch (error) {
      connection.abort(error as Error)
      throw error
    }
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.values()) client.abort()
    this.#clients.clear()
  }

  async #connect(address: Multiaddr, signal: AbortSignal): Promise<NativeConnection> {
    const { family, host, port } = await udpAddress(address, signal)
    const connecting = this.#client(family).outboundConnection(host, port)
    try {
      return await raceSignal(connecting, signal)
    } catch (error) {
      connecting.then(
        (late) => late.abort(),
        () => undefined,
      )
      throw error
    }
  }

  #client(family: 4 | 6): NativeClient {
    const present = this.#clients.get(family)
    if (present !== undefined) return present
    const { binding, dialer } = this.#load()
    const client = new binding.Client(dialer, family === 4 ? 0 : 1)
    this.#clients.set(family, client)
    return client
  }

  #load(): Loaded {
    if (this.#native !== undefined) return this.#native
    const binding = loadNative()
    const limits = this.#limits
    const privateKeyProto = privateKeyToProtobuf(this.#components.privateKey)
    const configWith = (keepAliveInterval: number): NativeQuinnConfig =>
      new binding.QuinnConfig({
        privateKeyProto,
        handshakeTimeout: limits.idleMs,
        maxIdleTimeout: limits.idleMs,
        keepAliveInterval,
        maxConcurrentStreamLimit: limits.streams,
        maxStreamData: limits.streamBytes,
        maxConnectionData: limits.connectionBytes,
        receiveBufferSize: limits.socketBytes,
        sendBufferSize: limits.socketBytes,
      })
    this.#native = { binding, dialer: configWith(limits.keepAliveMs), acceptor: configWith(limits.acceptorKeepAliveMs) }
    return this.#native
  }
}
