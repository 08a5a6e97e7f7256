import { createHash } from 'node:crypto'
import { MAX_GOSSIP_BYTES } from '@mosaik/core'
import { gossipsub, StrictNoSign } from '@libp2p/gossipsub'
import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub'
import type { Carrier } from './carrier.ts'
import { BUSY_MS } from './pace.ts'

/** The newest version of the protocol, and no other: both ends are Mosaik. */
export const PROTOCOL = '/meshsub/1.2.0'
/** Largest RPC that is read: a message, or an answer to IWANT with several. */
const MAX_RPC_BYTES = 16 * MAX_GOSSIP_BYTES

/**
 * How the mesh is built. A node looks for 4 to 6 peers and lets up to 256 graft it: so a hub carries all its leaves (the
 * usual cap of 12 makes 30 leaves of one hub wait seconds for IHAVE rounds), while dense networks stay sparse.
 */
const MESH = { D: 6, Dlo: 4, Dhi: 256, Dscore: 4, Dout: 2, Dlazy: 6 } as const

/** The gossipsub router, not started yet. `score` is what is held against a peer, 0 or less. */
export function createRouter(components: GossipSubComponents, carrier: Carrier, score: (peer: string) => number): GossipSub {
  return gossipsub({
    ...MESH,
    protocols: [PROTOCOL],
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: ({ topic, data }) => createHash('sha256').update(topic).update('\0').update(data).digest().subarray(0, 20),
    fallbackToFloodsub: false,
    floodPublish: true,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    emitSelf: false,
    heartbeatInterval: BUSY_MS,
    // A rejoin (leave, then join) is back in the mesh after a second or two instead of ten.
    unsubcribeBackoff: 1_000,
    pruneBackoff: 10_000,
    maxInboundDataLength: MAX_RPC_BYTES,
    maxTopicBytesPerPeer: 64 * 1024,
    decodeRpcLimits: {
      maxSubscriptions: 64,
      maxMessages: 1_024,
      maxIhaveMessageIDs: 5_000,
      maxIwantMessageIDs: 5_000,
      maxIdontwantMessageIDs: 512,
      maxControlMessages: 1_024,
      maxPeerInfos: 0,
    },
    tagMeshPeers: false,
    // Only faults count, ours and the router's (broken IWANT promises, grafts against a prune). Many nodes behind one
    // address are normal here, so the penalty on that is off; so are the rewards, which need traffic to mean anything.
    scoreParams: { appSpecificScore: score, appSpecificWeight: 1, IPColocationFactorWeight: 0, decayInterval: 30_000, retainScore: 60_000 },
    scoreThresholds: { gossipThreshold: -10, publishThreshold: -50, graylistThreshold: -80 },
  })({
    privateKey: components.privateKey,
    peerId: components.peerId,
    peerStore: components.peerStore,
    connectionManager: components.connectionManager,
    logger: components.logger,
    registrar: carrier.registrar,
  })
}

interface Internals {
  start(): Promise<void>
  stop(): Promise<void>
  heartbeat(): Promise<void>
  readonly status: { readonly heartbeatTimeout?: NodeJS.Timeout }
  /** Who is in the mesh of each topic that was joined. */
  readonly mesh: ReadonlyMap<string, ReadonlySet<string>>
}
const internals = (router: GossipSub): Internals => router as unknown as Internals

/** Starts it without its own clock: heartbeats are the caller's to run. */
export async function startRouter(router: GossipSub): Promise<void> {
  await internals(router).start()
  clearTimeout(internals(router).status.heartbeatTimeout)
}

export const stopRouter = (router: GossipSub): Promise<void> => internals(router).stop()
export const runHeartbeat = (router: GossipSub): Promise<void> => internals(router).heartbeat()

/** Every subscriber of every topic that was joined is in its mesh. */
export function isWhole(router: GossipSub): boolean {
  for (const [topic, mesh] of internals(router).mesh) if (router.getSubscribers(topic).length > mesh.size) return false
  return true
}
