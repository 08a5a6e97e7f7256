import { createHash } from 'node:crypto'
import { createWatch, MAX_GOSSIP_BYTES, MosaikError } from '@mosaik/core'
import type { Gossip, GossipTopic, GossipVerdict, PeerId, WatchSource } from '@mosaik/core'
import { gossipsub, StrictNoSign, TopicValidatorResult } from '@libp2p/gossipsub'
import type { GossipSub, GossipSubComponents, Message, TopicValidatorFn } from '@libp2p/gossipsub'
import { componentsOf } from '../node-components.ts'
import type { Host } from '../seam.ts'
import { createCarrier } from './carrier.ts'
import type { Carrier } from './carrier.ts'
import { createStanding } from './standing.ts'

/** The newest version of the protocol, and no other: both ends are Mosaik. */
const PROTOCOL = '/meshsub/1.2.0'
const HEARTBEAT = 1_000
/** Largest RPC that is read: a message, or an answer to IWANT with several. */
const MAX_RPC_BYTES = 16 * MAX_GOSSIP_BYTES
const MAX_BUFFERED_BYTES = 16 * MAX_GOSSIP_BYTES
/** Senders are heard up to this; a hub that forwards for 1 000 nodes which announce every 15 s stays below a fifth of it. */
const STANDING = { rate: 400, burst: 4_000, halfLife: 10_000, peers: 4_096 } as const
/** What too much talk weighs beside a rejected message. */
const FLOOD_FAULT = 0.05
/** Points of the router's score per fault. Below 0 a peer leaves the mesh, below -80 (8 faults) nothing of it is heard. */
const POINTS_PER_FAULT = -10

/**
 * How the mesh is built. A node looks for 4 to 6 peers and lets up to 256 graft it: so a hub carries all its leaves (the
 * usual cap of 12 makes 30 leaves of one hub wait seconds for IHAVE rounds), while dense networks stay sparse.
 */
const MESH = { D: 6, Dlo: 4, Dhi: 256, Dscore: 4, Dout: 2, Dlazy: 6 } as const

interface Topic {
  readonly receive: (data: Uint8Array, from: PeerId) => GossipVerdict
  readonly neighbours: WatchSource<ReadonlySet<PeerId>>
}

/** Gossip on a running node, over verified connections only. */
export interface GossipPart {
  readonly gossip: Gossip
  /** Leaves every topic and stops. Idempotent. */
  close(): Promise<void>
}

/**
 * Starts gossipsub. Messages are anonymous (`StrictNoSign`) and named by the hash of their topic and content, so what
 * is announced twice travels once; whatever must be attributed carries its own signature.
 */
export async function createGossip(host: Host): Promise<GossipPart> {
  const logger = host.logger.forComponent?.('mosaik:gossip') ?? host.logger
  const components = componentsOf(host.libp2p)
  const standing = createStanding(STANDING)
  const now = (): number => host.clock.monotonic()
  const carrier = createCarrier({
    registrar: components.registrar,
    protocol: PROTOCOL,
    maxBuffered: MAX_BUFFERED_BYTES,
    clock: host.clock,
    prng: host.prng,
    logger,
  })
  const router = createRouter(components, carrier, (peer) => POINTS_PER_FAULT * standing.faults(peer, now()))
  const topics = new Map<string, Topic>()
  const counters = createCounters(host)

  const refresh = (topic: string): void => {
    const joined = topics.get(topic)
    if (joined === undefined) return
    const next = new Set(router.getSubscribers(topic).map(String).filter((peer) => carrier.has(peer)) as PeerId[])
    if (!sameMembers(next, joined.neighbours.value)) joined.neighbours.set(next)
  }
  const refreshAll = (): void => {
    for (const topic of topics.keys()) refresh(topic)
  }

  const judge = (peer: PeerId, message: Message): GossipVerdict => {
    const joined = topics.get(message.topic)
    if (joined === undefined || !carrier.has(peer)) return 'ignore'
    if (!standing.allow(peer, now())) {
      standing.fault(peer, FLOOD_FAULT, now())
      return 'ignore'
    }
    if (message.data.byteLength > MAX_GOSSIP_BYTES) return 'reject'
    try {
      return joined.receive(message.data, peer)
    } catch (error) {
      logger.error('a gossip receiver threw, its message is dropped: %o', error)
      return 'ignore'
    }
  }
  const validate: TopicValidatorFn = (peerId, message) => {
    const peer = peerId.toString() as PeerId
    const verdict = judge(peer, message)
    counters[verdict].add()
    if (verdict === 'reject') standing.fault(peer, 1, now())
    return VERDICTS[verdict]
  }
  // One validator for every topic, also for those that were never joined: nothing is cached or forwarded unseen.
  router.topicValidators = { get: () => validate } as unknown as GossipSub['topicValidators']

  router.addEventListener('subscription-change', (event) => {
    for (const { topic } of event.detail.subscriptions) refresh(topic)
  })
  router.addEventListener('gossipsub:heartbeat', () => {
    carrier.check(new Set(router.getPeers().map(String)))
    refreshAll()
  })
  await startRouter(router)

  const unsubscribe = [
    host.onVerified((peer, connection) => carrier.use(peer, connection)),
    host.onLost((peer) => {
      carrier.drop(peer)
      refreshAll()
    }),
  ]
  for (const peer of host.connections.value) {
    const connection = host.connection(peer)
    if (connection !== undefined) carrier.use(peer, connection)
  }

  let closed = false
  const publish = (name: string, data: Uint8Array): void => {
    if (data.byteLength > MAX_GOSSIP_BYTES) {
      throw new MosaikError('ERR_TOO_LARGE', `a gossip message is at most ${MAX_GOSSIP_BYTES} bytes, not ${data.byteLength}; send a digest and let peers pull the rest`)
    }
    const joined = topics.get(name)
    if (closed || joined === undefined || joined.neighbours.value.size === 0) {
      counters.unheard.add()
      return
    }
    counters.published.add()
    router.publish(name, data.slice()).catch((error: unknown) => logger.warn('gossip on %s was not sent: %o', name, error))
  }

  const leave = (name: string, topic: Topic): void => {
    if (topics.get(name) !== topic) return
    topics.delete(name)
    if (!closed) router.unsubscribe(name)
    topic.neighbours.close()
  }

  const join = (name: string, receive: Topic['receive']): GossipTopic => {
    if (closed) throw new MosaikError('ERR_CLOSED', `gossip is closed, the topic ${name} cannot be joined`)
    if (topics.has(name)) throw new MosaikError('ERR_ALREADY_EXISTS', `the gossip topic ${name} is joined already`)
    const topic: Topic = { receive, neighbours: createWatch<ReadonlySet<PeerId>>(new Set()) }
    topics.set(name, topic)
    router.subscribe(name)
    refresh(name)
    return { neighbours: topic.neighbours, publish: (data) => publish(name, data), leave: () => leave(name, topic) }
  }

  return {
    gossip: { join },
    async close() {
      if (closed) return
      for (const [name, topic] of topics) leave(name, topic)
      closed = true
      for (const remove of unsubscribe) remove()
      carrier.close()
      await stopRouter(router)
    },
  }
}

const VERDICTS: Readonly<Record<GossipVerdict, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

function createRouter(components: GossipSubComponents, carrier: Carrier, score: (peer: string) => number): GossipSub {
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
    heartbeatInterval: HEARTBEAT,
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
    scoreParams: { appSpecificScore: score, appSpecificWeight: 1, IPColocationFactorWeight: 0, retainScore: 60_000 },
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

interface Startable {
  start(): Promise<void>
  stop(): Promise<void>
}
const startRouter = (router: GossipSub): Promise<void> => (router as unknown as Startable).start()
const stopRouter = (router: GossipSub): Promise<void> => (router as unknown as Startable).stop()

function createCounters({ metrics, labels }: Host) {
  const received = (verdict: GossipVerdict) => metrics.counter('mosaik.gossip.received', { ...labels, verdict })
  return {
    accept: received('accept'),
    ignore: received('ignore'),
    reject: received('reject'),
    published: metrics.counter('mosaik.gossip.published', labels),
    /** Published with no neighbour to hear it. */
    unheard: metrics.counter('mosaik.gossip.unheard', labels),
  }
}

function sameMembers(a: ReadonlySet<PeerId>, b: ReadonlySet<PeerId>): boolean {
  return a.size === b.size && a.isSubsetOf(b)
}
