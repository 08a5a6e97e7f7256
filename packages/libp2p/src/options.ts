import type { Logger, Metrics, SecretKey } from '@mosaik/core'

/** How an endpoint takes part in relaying. */
export type RelayOption = 'off' | { readonly servers: readonly string[] } | { readonly serve: true }

export interface EndpointOptions {
  /** Whose endpoint this is. Default: a fresh key, so a fresh peer id on every run. */
  readonly secretKey?: SecretKey
  /**
   * Multiaddr texts to listen on: QUIC (`/ip4/…/udp/…/quic-v1`), TCP (`/ip4/…/tcp/…`), Unix sockets (`/unix/%2Fpath`),
   * memory (`/memory/name`, tests). Default: QUIC on every interface, IPv4 and IPv6, free ports. Empty: dial only.
   */
  readonly listen?: readonly string[]
  /** Default `'off'`. */
  readonly relay?: RelayOption
  /** Finds peers of the same network on the local network. Default false. */
  readonly mdns?: boolean
  readonly logger?: Logger
  readonly metrics?: Metrics
  /** Closes the endpoint when it aborts; aborts the start too. */
  readonly signal?: AbortSignal
  /** Which JavaScript half drives the QUIC binary: Mosaik's own (default), or the one it ships with. */
  readonly quic?: 'own' | 'stock'
  /** How TCP, Unix-socket and memory connections are encrypted. Both ends must agree. Default `'noise'`. */
  readonly encryption?: 'noise' | 'tls'
}

/** The options with every default filled in. */
export interface ResolvedOptions {
  readonly secretKey: SecretKey
  readonly listen: readonly string[]
  readonly relay: RelayOption
  readonly mdns: boolean
  readonly logger: Logger
  readonly metrics: Metrics
  readonly signal: AbortSignal | undefined
  readonly quic: 'own' | 'stock'
  readonly encryption: 'noise' | 'tls'
}
