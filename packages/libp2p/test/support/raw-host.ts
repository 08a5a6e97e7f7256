import { createWatch, generateSecretKey, seedOf, silentLogger, uniqueId } from '@mosaik/core'
import type { Metrics, PeerId } from '@mosaik/core'
import { systemClock, systemPrng } from '@mosaik/core/system'
import { noise } from '@chainsafe/libp2p-noise'
import { quic } from '@chainsafe/libp2p-quic'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { memory } from '@libp2p/memory'
import { multiaddr } from '@multiformats/multiaddr'
import type { Connection } from '@libp2p/interface'
import { createLibp2p } from 'libp2p'
import type { Host, NodeParts } from '../../src/seam.ts'
import type { ResolvedOptions } from '../../src/options.ts'

export interface RawHostOptions {
  readonly network?: string
  readonly listen?: readonly string[]
  readonly parts?: NodeParts
  readonly seed?: Uint8Array
  readonly metrics?: Metrics
  readonly options?: Partial<ResolvedOptions>
}

export interface RawHost extends Host, AsyncDisposable {
  readonly tolerated: (peer: PeerId) => boolean
  stop(): Promise<void>
}

const key = (name: string, labels: object = {}): string => `${name}${JSON.stringify(Object.values(labels))}`

/** Metrics that a test can read back by name. */
export function countingMetrics(): Metrics & { readonly counts: Map<string, number> } {
  const counts = new Map<string, number>()
  return {
    counts,
    counter: (name, labels) => ({ add: (n = 1) => void counts.set(key(name, labels), (counts.get(key(name, labels)) ?? 0) + n) }),
    gauge: () => ({ set: () => {}, add: () => {} }),
    histogram: () => ({ observe: () => {} }),
    text: () => '',
  }
}

let memoryAddress = 0

/** A plain libp2p node behind the seam: every connection counts as verified, the newest one wins. */
export async function rawHost({ network = 'raw', listen, parts = {}, seed, metrics, options }: RawHostOptions = {}): Promise<RawHost> {
  const privateKey = await generateKeyPairFromSeed('Ed25519', seed ?? seedOf(generateSecretKey()))
  const libp2p = await createLibp2p({
    privateKey,
    addresses: { listen: [...(listen ?? [`/memory/raw-${process.pid}-${memoryAddress++}`]), ...(parts.listen ?? [])] },
    transports: [memory(), quic({ ipv6: false, maxIdleTimeout: 3000, keepAliveInterval: 1000 }), ...(parts.transports ?? [])],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: (parts.services ?? {}) as Record<string, never>,
    connectionMonitor: { enabled: false },
    connectionManager: { maxConnections: 1000, inboundConnectionThreshold: 1e6, maxIncomingPendingConnections: 1e6 },
    ...parts.settings,
  })
  const controller = new AbortController()
  const verified = new Map<string, Connection>()
  const connections = createWatch<ReadonlySet<PeerId>>(new Set())
  const addresses = createWatch<readonly string[]>(libp2p.getMultiaddrs().map(String))
  const onVerified = new Set<(peer: PeerId, connection: Connection) => void>()
  const onLost = new Set<(peer: PeerId) => void>()
  const tolerated = new Set<(peer: PeerId) => boolean>()
  const announced = new Map<string, readonly string[]>()
  const refresh = (): void => addresses.set([...new Set([...libp2p.getMultiaddrs().map(String), ...[...announced.values()].flat()])])

  libp2p.addEventListener('connection:open', ({ detail }) => {
    const peer = detail.remotePeer.toString() as PeerId
    verified.set(peer, detail)
    connections.set(new Set(verified.keys()) as Set<PeerId>)
    for (const listener of onVerified) listener(peer, detail)
  })
  libp2p.addEventListener('connection:close', ({ detail }) => {
    const peer = detail.remotePeer.toString() as PeerId
    if (verified.get(peer) !== detail) return
    verified.delete(peer)
    connections.set(new Set(verified.keys()) as Set<PeerId>)
    for (const listener of onLost) listener(peer)
  })
  libp2p.addEventListener('self:peer:update', refresh)

  const stop = async (): Promise<void> => {
    controller.abort()
    await libp2p.stop()
  }
  return {
    id: libp2p.peerId.toString() as PeerId,
    networkId: uniqueId(network),
    privateKey,
    libp2p,
    options: { relay: 'off', mdns: false, upnp: false, ...options } as ResolvedOptions,
    clock: systemClock,
    prng: systemPrng,
    logger: silentLogger,
    metrics: metrics ?? countingMetrics(),
    labels: {},
    signal: controller.signal,
    connections,
    connection: (peer) => verified.get(peer),
    onVerified: (listener) => (onVerified.add(listener), () => void onVerified.delete(listener)),
    onLost: (listener) => (onLost.add(listener), () => void onLost.delete(listener)),
    addresses,
    announce: (source, texts) => {
      announced.set(source, texts)
      refresh()
    },
    learn: () => {},
    known: () => [],
    connect: async (to, wait) => (await libp2p.dial(multiaddr(to), wait)).remotePeer.toString() as PeerId,
    upgrade: async (_peer, texts, wait) => {
      await Promise.any(texts.map((text) => libp2p.dial(multiaddr(text), { force: true, ...wait })))
    },
    tolerate: (rule) => (tolerated.add(rule), () => void tolerated.delete(rule)),
    tolerated: (peer) => [...tolerated].some((rule) => rule(peer)),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Connects the first node to the second. */
export const dial = (from: Host, to: Host): Promise<Connection> => from.libp2p.dial(to.libp2p.getMultiaddrs())

/** Waits until `holds`, looking every few milliseconds, and says what was waited for when it never does. */
export async function eventually(what: string, holds: () => boolean, timeout = 10_000): Promise<void> {
  const end = performance.now() + timeout
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited ${timeout} ms in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
