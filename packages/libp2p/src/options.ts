import { check, generateSecretKey, MosaikError, noMetrics, peerIdOf } from '@mosaik/core'
import type { Logger, Metrics, PeerId, SecretKey } from '@mosaik/core'
import { systemLogger } from '@mosaik/core/system'
import { multiaddr } from '@multiformats/multiaddr'
import { Memory, QUIC_V1, TCP, Unix } from '@multiformats/multiaddr-matcher'
import { networkInterfaces } from 'node:os'

/** How an endpoint takes part in relaying. */
export type RelayOption = 'off' | { servers: readonly string[] } | { serve: true }

export interface EndpointOptions {
  /** Whose endpoint this is. Default: a fresh key, so a fresh peer id on every run. */
  secretKey?: SecretKey
  /**
   * Multiaddr texts to listen on: QUIC (`/ip4/…/udp/…/quic-v1`), TCP (`/ip4/…/tcp/…`), Unix sockets (`/unix/%2Fpath`),
   * memory (`/memory/name`, tests). Default: QUIC on every interface, IPv4 and IPv6, free ports. Empty: dial only.
   */
  listen?: readonly string[]
  /** Default `'off'`. */
  relay?: RelayOption
  /** Finds peers of the same network on the local network. Default false. */
  mdns?: boolean
  /** Asks the router to map the listening ports (UPnP). Failures are only logged. Default false. */
  upnp?: boolean
  /** Default: standard error, as selected by `DEBUG` (`DEBUG=mosaik:*`). */
  logger?: Logger
  /** Default: none are kept. */
  metrics?: Metrics
  /** Cuts the start short. It has no effect afterwards; `close` ends the endpoint. */
  signal?: AbortSignal
  /** Which JavaScript half drives the QUIC binary: Mosaik's own (default), or the one it ships with. */
  quic?: 'own' | 'stock'
  /** How TCP, Unix-socket and memory connections are encrypted. Both ends must agree. Default `'noise'`. */
  encryption?: 'noise' | 'tls'
}

/** The options with every default filled in. */
export interface ResolvedOptions {
  readonly secretKey: SecretKey
  readonly id: PeerId
  readonly listen: readonly string[]
  readonly relay: RelayOption
  readonly mdns: boolean
  readonly upnp: boolean
  readonly logger: Logger
  readonly metrics: Metrics
  readonly signal: AbortSignal | undefined
  readonly quic: 'own' | 'stock'
  readonly encryption: 'noise' | 'tls'
}

const MAX_LISTEN = 32

/** Checks the options and fills in the defaults. Throws `ERR_INVALID_OPTION`. */
export function resolveOptions(given: EndpointOptions | undefined): ResolvedOptions {
  const options = check.options('options', given)
  const secretKey = options.secretKey === undefined ? generateSecretKey() : options.secretKey
  return {
    secretKey,
    id: peerIdOf(secretKey),
    listen: options.listen === undefined ? defaultListen() : check.list('listen', options.listen, listenAddress, { max: MAX_LISTEN }),
    relay: relayOption(options.relay),
    mdns: check.boolean('mdns', options.mdns, { default: false }),
    upnp: check.boolean('upnp', options.upnp, { default: false }),
    logger: check.having('logger', options.logger, ['debug', 'info', 'warn', 'error']) ?? systemLogger,
    metrics: check.having('metrics', options.metrics, ['counter', 'gauge', 'histogram', 'text']) ?? noMetrics,
    signal: check.having('signal', options.signal, ['throwIfAborted', 'addEventListener']),
    quic: check.oneOf('quic', options.quic, ['own', 'stock'], { default: 'own' }),
    encryption: check.oneOf('encryption', options.encryption, ['noise', 'tls'], { default: 'noise' }),
  }
}

function listenAddress(name: string, value: unknown): string {
  const text = check.address(name, value)
  try {
    const address = multiaddr(text)
    if ([QUIC_V1, TCP, Unix, Memory].some((format) => format.exactMatch(address))) return text
  } catch {
    // Told below.
  }
  throw new MosaikError(
    'ERR_INVALID_OPTION',
    `${name} is ${JSON.stringify(text)}; it must be QUIC (/ip4/0.0.0.0/udp/0/quic-v1), TCP (/ip4/0.0.0.0/tcp/0), a Unix socket (/unix/%2Fpath) or /memory/name`,
    { value },
  )
}

function relayOption(value: RelayOption | undefined): RelayOption {
  if (value === undefined || value === 'off') return 'off'
  if (typeof value === 'object' && value !== null) {
    if ('serve' in value && value.serve === true) return { serve: true }
    if ('servers' in value) {
      return {
        servers: check.list('relay.servers', value.servers, (name, item) => check.address(name, item, { peer: 'required' }), {
          min: 1,
          max: MAX_LISTEN,
        }),
      }
    }
  }
  throw new MosaikError('ERR_INVALID_OPTION', "relay must be 'off', { servers: [addresses ending in /p2p/<peer id>] } or { serve: true }", {
    value,
  })
}

/** QUIC on all interfaces; without IPv6 on this machine, on those of IPv4. */
function defaultListen(): string[] {
  const hasIp6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ family }) => family === 'IPv6'))
  return ['/ip4/0.0.0.0/udp/0/quic-v1', ...(hasIp6 ? ['/ip6/::/udp/0/quic-v1'] : [])]
}
