import { componentLogger, createWatch, MAX_GOSSIP_BYTES, MosaikError } from '@mosaik/core'
import type { Counter, Gossip, GossipTopic, GossipVerdict, Logger, PeerId, WatchSource } from '@mosaik/core'
import { TopicValidatorResult } from '@libp2p/gossipsub'
import type { GossipSub, Message, TopicValidatorFn } from '@libp2p/gossipsub'
import { componentsOf } from '../node-components.ts'
import { toNextTick } from '../logic/grid.ts'
import type { Host } from '../seam.ts'
import { Carrier } from './carrier.ts'
import { BUSY_MS, Pace, QUIET_MS } from './pace.ts'
import { createRouter, isWhole, PROTOCOL, runHeartbeat, startRouter, stopRouter } from './router.ts'
import { createStanding } from './standing.ts'

const MAX_BUFFERED_BYTES = 16 * MAX_GOSSIP_BYTES
/** Senders are heard up to this; a hub that forwards for 1 000 nodes which announce every 15 s stays below a fifth of it. */
const STANDING = { rate: 400, burst: 4_000, halfLife: 10_000, peers: 4_096 } as const
/** What too much talk weighs beside a rejected message. */
const FLOOD_FAULT = 0.05
/** Points of the router's score per fault. Below 0 a peer leaves the mesh, below -80 (8 faults) nothing of it is heard. */
const POINTS_PER_FAULT = -10

/** Events after which the router may have something to mend. */
const CHANGES = ['subscription-change', 'gossipsub:graft', 'gossipsub:prune'] as const

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
  const gossip = new GossipOverRouter(host)
  await gossip.start()
  return { gossip, close: () => gossip.close() }
}

class GossipOverRouter implements Gossip {
  readonly #host: Host
  readonly #logger: Logger
  readonly #carrier: Carrier
  readonly #router: GossipSub
  readonly #standing = createStanding(STANDING)
  readonly #pace: Pace
  #interval: number = BUSY_MS
  #cancelHeartbeat = (): void => {}
  readonly #topics = new Map<string, Topic>()
  readonly #counters: Counters
  #unsubscribe: readonly (() => void)[] = []
  #closed = false

  constructor(host: Host) {
    const { clock, prng } = host
    const components = componentsOf(host.libp2p)
    this.#host = host
    this.#logger = componentLogger(host.logger, 'mosaik:gossip')
    this.#counters = createCounters(host)
    this.#pace = new Pace(clock.monotonic())
    this.#carrier = new Carrier({
      registrar: components.registrar,
      protocol: PROTOCOL,
      maxBuffered: MAX_BUFFERED_BYTES,
      clock,
      prng,
      logger: this.#logger,
    })
    this.#router = createRouter(components, this.#carrier, (peer) => POINTS_PER_FAULT * this.#standing.faults(peer, this.#now()))
    // One validator for every topic, also for those that were never joined: nothing is cached or forwarded unseen.
    const validate: TopicValidatorFn = (peer, message) => this.#validate(peer.toString() as PeerId, message)
    this.#router.topicValidators = { get: () => validate } as unknown as GossipSub['topicValidators']
  }

  async start(): Promise<void> {
    const host = this.#host
    this.#router.addEventListener('subscription-change', (event) => {
      for (const { topic } of event.detail.subscriptions) this.#refresh(topic)
    })
    for (const change of CHANGES) this.#router.addEventListener(change, () => this.#onChange())
    await startRouter(this.#router)
    this.#scheduleHeartbeat(BUSY_MS)
    this.#unsubscribe = [
      host.onVerified((peer, connection) => {
        this.#onChange()
        this.#carrier.use(peer, connection)
      }),
      host.onLost((peer) => {
        this.#onChange()
        this.#carrier.drop(peer)
        this.#refreshAll()
      }),
    ]
    for (const peer of host.connections.value) {
      const connection = host.connection(peer)
      if (connection !== undefined) this.#carrier.use(peer, connection)
    }
  }

  join(name: string, receive: Topic['receive']): GossipTopic {
    if (this.#closed) throw new MosaikError('ERR_CLOSED', `gossip is closed, the topic ${name} cannot be joined`)
    if (this.#topics.has(name)) throw new MosaikError('ERR_ALREADY_EXISTS', `the gossip topic ${name} is joined already`)
    const topic: Topic = { receive, neighbours: createWatch<ReadonlySet<PeerId>>(new Set()) }
    this.#topics.set(name, topic)
    this.#router.subscribe(name)
    this.#refresh(name)
    return {
      neighbours: topic.neighbours,
      publish: (data) => this.#publish(name, topic, data),
      leave: () => this.#leave(name, topic),
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    for (const [name, topic] of this.#topics) this.#leave(name, topic)
    this.#closed = true
    for (const remove of this.#unsubscribe) remove()
    this.#cancelHeartbeat()
    this.#carrier.close()
    await stopRouter(this.#router)
  }

  #onChange(): void {
    if (this.#closed) return
    this.#pace.changed(this.#now())
    if (this.#interval === QUIET_MS) this.#scheduleHeartbeat(BUSY_MS)
  }

  #scheduleHeartbeat(interval: number): void {
    this.#cancelHeartbeat()
    this.#interval = interval
    this.#cancelHeartbeat = this.#host.clock.after(toNextTick(this.#now(), interval), () => void this.#heartbeat())
  }

  async #heartbeat(): Promise<void> {
    await runHeartbeat(this.#router).catch((error: unknown) => this.#logger.warn('a heartbeat of the gossip router failed: %o', error))
    if (this.#closed) return
    this.#carrier.check(new Set(this.#router.getPeers().map(String)))
    this.#refreshAll()
    this.#scheduleHeartbeat(this.#pace.next(this.#now(), isWhole(this.#router)))
  }

  #now(): number {
    return this.#host.clock.monotonic()
  }

  #publish(name: string, topic: Topic, data: Uint8Array): void {
    if (data.byteLength > MAX_GOSSIP_BYTES) {
      throw new MosaikError(
        'ERR_TOO_LARGE',
        `a gossip message is at most ${MAX_GOSSIP_BYTES} bytes, not ${data.byteLength}; send a digest and let peers pull the rest`,
      )
    }
    // The router would remember the message as said, and stay silent when it is said again to somebody.
    if (this.#topics.get(name) !== topic || topic.neighbours.value.size === 0) {
      this.#counters.unheard.add()
      return
    }
    this.#counters.published.add()
    this.#pace.message()
    this.#router.publish(name, data.slice()).catch((error: unknown) => this.#logger.warn('gossip on %s was not sent: %o', name, error))
  }

  #leave(name: string, topic: Topic): void {
    if (this.#topics.get(name) !== topic) return
    this.#topics.delete(name)
    this.#router.unsubscribe(name)
    topic.neighbours.close()
  }

  #validate(peer: PeerId, message: Message): TopicValidatorResult {
    this.#pace.message()
    const verdict = this.#judge(peer, message)
    this.#counters[verdict].add()
    if (verdict === 'reject') this.#standing.fault(peer, 1, this.#now())
    return VERDICTS[verdict]
  }

  #judge(peer: PeerId, { topic, data }: Message): GossipVerdict {
    const joined = this.#topics.get(topic)
    if (joined === undefined || !this.#carrier.has(peer)) return 'ignore'
    if (!this.#standing.allow(peer, this.#now())) {
      this.#standing.fault(peer, FLOOD_FAULT, this.#now())
      return 'ignore'
    }
    if (data.byteLength > MAX_GOSSIP_BYTES) return 'reject'
    try {
      return joined.receive(data, peer)
    } catch (error) {
      this.#logger.error('a gossip receiver threw, its message is dropped: %o', error)
      return 'ignore'
    }
  }

  /** Derives the neighbours of a topic anew: who has joined it, of those who are connected. */
  #refresh(name: string): void {
    const topic = this.#topics.get(name)
    if (topic === undefined) return
    const subscribers = this.#router.getSubscribers(name).map(String) as PeerId[]
    const next = new Set(subscribers.filter((peer) => this.#carrier.has(peer)))
    if (!sameMembers(next, topic.neighbours.value)) topic.neighbours.set(next)
  }

  #refreshAll(): void {
    for (const name of this.#topics.keys()) this.#refresh(name)
  }
}

const VERDICTS: Readonly<Record<GossipVerdict, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

interface Counters extends Readonly<Record<GossipVerdict, Counter>> {
  readonly published: Counter
  /** Published with no neighbour to hear it. */
  readonly unheard: Counter
}

function createCounters({ metrics, labels }: Host): Counters {
  const received = (verdict: GossipVerdict): Counter => metrics.counter('mosaik.gossip.received', { ...labels, verdict })
  return {
    accept: received('accept'),
    ignore: received('ignore'),
    reject: received('reject'),
    published: metrics.counter('mosaik.gossip.published', labels),
    unheard: metrics.counter('mosaik.gossip.unheard', labels),
  }
}

function sameMembers(a: ReadonlySet<PeerId>, b: ReadonlySet<PeerId>): boolean {
  return a.size === b.size && a.isSubsetOf(b)
}
