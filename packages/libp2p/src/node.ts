import { MosaikError, seedOf } from '@mosaik/core'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { FaultTolerance, type Connection, type PrivateKey } from '@libp2p/interface'
import { memory } from '@libp2p/memory'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p, type Libp2pOptions } from 'libp2p'
import { contained } from './contained-muxer.ts'
import type { ResolvedOptions } from './options.ts'
import { DEFAULT_QUIC_LIMITS } from './quic/limits.ts'
import { quic } from './quic/transport.ts'
import type { NodeParts } from './seam.ts'

// libp2p's own limits are out of the way where Mosaik has its own: dialling, liveness, streams. What remains is a net
// below those against floods of connections.
const CONNECTION_MANAGER = {
  maxConnections: 4096,
  inboundConnectionThreshold: 1000,
  maxIncomingPendingConnections: 1024,
  maxParallelDials: 64,
  dialTimeout: 10_000,
  inboundUpgradeTimeout: 10_000,
  // Kept in memory per stream until they have passed.
  inboundStreamProtocolNegotiationTimeout: 5000,
  outboundStreamProtocolNegotiationTimeout: 5000,
  reconnectRetries: 0,
} as const
/** A slow reader holds at most this much per yamux stream, well below libp2p's cap of 4 MiB at which it resets. */
const YAMUX_WINDOW = 1024 * 1024
const YAMUX_STREAMS = 1024

/** The parts of libp2p that are used beside its interface. */
interface NodeInternals {
  readonly transportManager: { dial(address: unknown, options: { signal: AbortSignal }): Promise<Connection> }
  readonly addressManager: {
    getAddressesWithMetadata(): { multiaddr: { toString(): string }; verified: boolean; type: string }[]
    readonly _updatePeerStoreAddresses: { stop(): void }
  }
  readonly registrar: {
    handle(protocol: string, handler: unknown, options: unknown): Promise<void>
    unhandle(protocol: string): Promise<void>
  }
}

export interface Node {
  readonly libp2p: Libp2p
  readonly privateKey: PrivateKey
  readonly internals: NodeInternals
  /** Dials exactly this address, past libp2p's dial queue. */
  dial(address: string, signal: AbortSignal): Promise<Connection>
}

/** A libp2p node that is not started yet. */
export async function createNode(options: ResolvedOptions, parts: NodeParts): Promise<Node> {
  const privateKey = await generateKeyPairFromSeed('Ed25519', seedOf(options.secretKey))
  const settings: Libp2pOptions = {
    privateKey,
    start: false,
    addresses: { listen: [...options.listen, ...(parts.listen ?? [])] },
    transports: [options.quic === 'own' ? quic() : await stockQuic(), tcp(), memory(), ...(parts.transports ?? [])],
    connectionEncrypters: [await encrypter(options)],
    streamMuxers: [
      contained(
        yamux({
          maxInboundStreams: YAMUX_STREAMS,
          maxOutboundStreams: YAMUX_STREAMS,
          streamOptions: { maxStreamWindowSize: YAMUX_WINDOW, initialStreamWindowSize: YAMUX_WINDOW / 4 },
        }),
      ),
    ],
    transportManager: { faultTolerance: FaultTolerance.FATAL_ALL },
    connectionManager: CONNECTION_MANAGER,
    connectionMonitor: { enabled: false },
    peerDiscovery: [...(parts.peerDiscovery ?? [])],
    services: { ...parts.services },
    ...parts.settings,
  }
  const libp2p = await createLibp2p(settings)
  const internals = (libp2p as unknown as { readonly components: NodeInternals }).components
  return { libp2p, privateKey, internals, dial: (address, signal) => internals.transportManager.dial(multiaddr(address), { signal }) }
}

/** It does not load without a binary for this platform, where TCP and our own half, which says what is missing, do. */
async function stockQuic(): Promise<NonNullable<Libp2pOptions['transports']>[number]> {
  const { quic: stock } = await import('@chainsafe/libp2p-quic')
  const { idleMs, keepAliveMs } = DEFAULT_QUIC_LIMITS
  return stock({ maxIdleTimeout: idleMs, keepAliveInterval: keepAliveMs, maxConcurrentStreamLimit: YAMUX_STREAMS })
}

async function encrypter({ encryption }: ResolvedOptions): Promise<NonNullable<Libp2pOptions['connectionEncrypters']>[number]> {
  if (encryption === 'noise') return noise()
  const { tls } = await import('@libp2p/tls') // 200 modules, which most programs never need
  return tls()
}

/** Starts listening. Throws `ERR_LISTEN` naming the addresses that could not be had. */
export async function startNode(node: Node): Promise<void> {
  try {
    await node.libp2p.start()
  } catch (error) {
    if (MosaikError.is(error)) throw error
    throw new MosaikError('ERR_LISTEN', `could not listen at ${failedAddresses((error as Error).message)}`, { cause: error })
  }
}

/** Which address failed, and why; libp2p's text comes with stack traces and advice about settings of its own. */
function failedAddresses(message: string): string {
  const failed = [...message.matchAll(/^\s+(\/\S+): (?:\w*Error: )?(.+)$/gm)].map(([, address, why]) => `${address} (${why})`)
  return failed.length > 0 ? failed.join(', ') : message
}

/** Stops listening and ends every connection. */
export async function stopNode({ libp2p, internals }: Node): Promise<void> {
  await libp2p.stop()
  // A listener that closes has the addresses written down a second later: that would hold up the end of the process.
  internals.addressManager._updatePeerStoreAddresses.stop()
}
