import { MosaikError } from '@mosaik/core'
import { realpathSync } from 'node:fs'
import { createRequire, findPackageJSON } from 'node:module'

// The shapes of the native half of `@chainsafe/libp2p-quic` (quinn behind napi), as far as it is used here.

export interface NativeStream {
  id(): number
  /** At most `max` bytes; null at a clean end, and once more after a failure was told. Allocates `max` while it waits. */
  read(max: number): Promise<Uint8Array | null>
  /** Settles when everything was taken over. One at a time. `resetWrite` waits behind it. */
  write(bytes: Uint8Array): Promise<void>
  finishWrite(): Promise<void>
  resetWrite(): Promise<void>
  stopRead(): Promise<void>
}

export interface NativeConnection {
  id(): number
  /** Includes `/p2p/<peer id>`, proven by the TLS handshake. */
  remoteMultiaddr(): string
  inboundStream(): Promise<NativeStream>
  /** Waits without a limit while the peer's stream limit is reached. */
  outboundStream(): Promise<NativeStream>
  /** Settles, without telling why, when the connection is gone. */
  closed(): Promise<void>
  abort(): void
}

export interface NativeServer {
  /** Settles after a handshake: one half-open handshake occupies one call. Which of several calls gets a connection is open. */
  inboundConnection(): Promise<NativeConnection>
  port(): number
  /** Handshakes begun since the start, also those that are half open. */
  stats(): { readonly acceptedHandshakes: number }
  abort(): Promise<void>
}

export interface NativeClient {
  outboundConnection(host: string, port: number): Promise<NativeConnection>
  abort(): void
}

export interface NativeConfig {
  readonly privateKeyProto: Uint8Array
  readonly handshakeTimeout: number
  readonly maxIdleTimeout: number
  readonly keepAliveInterval: number
  readonly maxConcurrentStreamLimit: number
  readonly maxStreamData: number
  readonly maxConnectionData: number
  readonly receiveBufferSize: number
  readonly sendBufferSize: number
}

/** A configuration that the native side has taken over. */
export interface NativeQuinnConfig {
  readonly '~quinn': true
}

export interface Native {
  readonly QuinnConfig: new (config: NativeConfig) => NativeQuinnConfig
  readonly Server: new (config: NativeQuinnConfig, host: string, port: number) => NativeServer
  /** `family`: 0 is IPv4, 1 is IPv6. Throws where the family is not available. */
  readonly Client: new (config: NativeQuinnConfig, family: 0 | 1) => NativeClient
}

const PACKAGE = '@chainsafe/libp2p-quic'

/** The suffixes of the packages that carry a binary for this platform, most likely first. */
export function binaryNames(platform: string, arch: string): readonly string[] {
  if (platform === 'linux' && (arch === 'x64' || arch === 'arm64')) return [`linux-${arch}-gnu`, `linux-${arch}-musl`]
  if (platform === 'darwin' && (arch === 'x64' || arch === 'arm64')) return [`darwin-${arch}`]
  if (platform === 'win32' && arch === 'x64') return ['win32-x64-msvc']
  return []
}

let loaded: Native | undefined

/** The native binary for this platform. Throws `ERR_QUIC_UNAVAILABLE`, naming the package that is missing. */
export function loadNative(platform: string = process.platform, arch: string = process.arch): Native {
  if (loaded !== undefined && platform === process.platform && arch === process.arch) return loaded
  const names = binaryNames(platform, arch)
  if (names.length === 0) {
    throw unavailable(`there is no QUIC binary for ${platform} ${arch}; listen on TCP instead: listen: ['/ip4/0.0.0.0/tcp/0']`)
  }
  const manifest = findPackageJSON(PACKAGE, import.meta.url)
  if (manifest === undefined) throw unavailable(`the package ${PACKAGE} is not installed`)
  const load = createRequire(realpathSync(manifest))
  const failures: unknown[] = []
  for (const name of names) {
    try {
      return (loaded = load(`${PACKAGE}-${name}`) as Native)
    } catch (error) {
      failures.push(error)
    }
  }
  const packages = names.map((name) => `${PACKAGE}-${name}`).join(' or ')
  throw unavailable(
    `QUIC on ${platform} ${arch} needs ${packages}, which could not be loaded; install with optional dependencies, or listen on TCP`,
    new AggregateError(failures),
  )
}

const unavailable = (message: string, cause?: unknown): MosaikError => new MosaikError('ERR_QUIC_UNAVAILABLE', message, { cause })
