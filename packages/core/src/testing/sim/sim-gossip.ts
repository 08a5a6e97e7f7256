import { MosaikError } from '../../check/error.ts'
import { createWatch } from '../../async/watch.ts'
import type { WatchSource } from '../../async/watch.ts'
import type { PeerId } from '../../id/types.ts'
import { MAX_GOSSIP_BYTES } from '../../net/gossip.ts'
import type { Gossip, GossipTopic, GossipVerdict } from '../../net/gossip.ts'
import type { Logger } from '../../observe/logger.ts'
import type { Metrics } from '../../observe/metrics.ts'
import type { Clock } from '../../time/clock.ts'
import type { End } from './connection.ts'
import { digestBytes } from './trace.ts'

const SEEN_MS = 120_000
const MAX_SEEN = 10_000
const SECOND_OFFSET = 0x9747b28c
/** Topics remembered per connected peer; more are not noticed. */
const MAX_TOPICS = 1000
/** Gossip under way to one peer; above it messages are dropped and counted. */
const MAX_UNDER_WAY_BYTES = 4 * 1024 * 1024

interface Membership {
  readonly receive: (data: Uint8Array, from: PeerId) => GossipVerdict
  readonly neighbours: WatchSource<ReadonlySet<PeerId>>
  /** Content seen, and when; oldest first. */
  readonly seen: Map<string, number>
}

export interface GossipContext {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
}

/** Flooding over connections: every message goes once to every connected member of its topic. */
export class SimGossip implements Gossip {
  readonly #context: GossipContext
  readonly #joined = new Map<string, Membership>()
  /** Topics of connected peers. */
  readonly #ends = new Map<End, Set<string>>()

  constructor(context: GossipContext) {
    this.#context = context
  }

  join(topic: string, receive: Membership['receive']): GossipTopic {
    if (this.#joined.has(topic)) throw new MosaikError('ERR_ALREADY_EXISTS', `the gossip topic ${topic} is joined already`)
    const membership: Membership = { receive, neighbours: createWatch<ReadonlySet<PeerId>>(new Set()), seen: new Map() }
    this.#joined.set(topic, membership)
    for (const end of this.#ends.keys()) this.#sendTopic(end, topic, true)
    this.#updateNeighbours(topic)
    return {
      neighbours: membership.neighbours,
      publish: (data) => this.#publish(topic, membership, data),
      leave: () => this.#leave(topic, membership),
    }
  }

  onConnected(end: End): void {
    this.#ends.set(end, new Set())
    for (const topic of this.#joined.keys()) this.#sendTopic(end, topic, true)
  }

  onGone(end: End): void {
    const topics = this.#ends.get(end)
    this.#ends.delete(end)
    for (const topic of topics ?? []) this.#updateNeighbours(topic)
  }

  onTopic(end: End, topic: string, joined: boolean): void {
    const topics = this.#ends.get(end)
    if (topics === undefined) return
    if (!joined) topics.delete(topic)
    else if (topics.size < MAX_TOPICS) topics.add(topic)
    this.#updateNeighbours(topic)
  }

  onGossip(end: End, topic: string, data: Uint8Array): void {
    const membership = this.#joined.get(topic)
    if (membership === undefined || !this.#isNew(membership, data)) return
    let verdict: GossipVerdict = 'ignore'
    try {
      verdict = membership.receive(data, end.remotePeer)
    } catch (error) {
      this.#context.logger.error('the receiver of the gossip topic %s threw: %o', topic, error)
    }
    this.#context.metrics.counter('mosaik.gossip.received', { verdict }).add()
    if (verdict === 'accept') this.#spread(topic, data, end)
  }

  close(): void {
    for (const [topic, membership] of [...this.#joined]) this.#leave(topic, membership)
  }

  #publish(topic: string, membership: Membership, data: Uint8Array): void {
    if (data.length > MAX_GOSSIP_BYTES) {
      throw new MosaikError('ERR_TOO_LARGE', `a gossip message has at most ${MAX_GOSSIP_BYTES} bytes, not ${data.length}`)
    }
    if (this.#joined.get(topic) !== membership || !this.#isNew(membership, data)) return
    this.#spread(topic, data.slice(), undefined)
  }

  #leave(topic: string, membership: Membership): void {
    if (this.#joined.get(topic) !== membership) return
    this.#joined.delete(topic)
    membership.neighbours.close(new MosaikError('ERR_CLOSED', `the gossip topic ${topic} was left`))
    for (const end of this.#ends.keys()) this.#sendTopic(end, topic, false)
  }

  #spread(topic: string, data: Uint8Array, origin: End | undefined): void {
    for (const [end, topics] of this.#ends) {
      if (end === origin || !topics.has(topic)) continue
      if (end.gossipBytes + data.length > MAX_UNDER_WAY_BYTES) {
        this.#context.metrics.counter('mosaik.gossip.dropped').add()
        continue
      }
      end.gossipBytes += data.length
      end.send({
        kind: 'gossip',
        lane: end.gossipLane,
        bytes: data,
        deliver: (far) => {
          end.gossipBytes -= data.length
          far.endpoint.onGossip(far, topic, data.slice())
        },
      })
    }
  }

  #sendTopic(end: End, topic: string, joined: boolean): void {
    end.send({ kind: joined ? 'join' : 'leave', lane: end.gossipLane, deliver: (far) => far.endpoint.onTopic(far, topic, joined) })
  }

  /** Remembers the content for two minutes. */
  #isNew({ seen }: Membership, data: Uint8Array): boolean {
    const now = this.#context.clock.monotonic()
    for (const [key, at] of seen) {
      if (now - at < SEEN_MS && seen.size < MAX_SEEN) break
      seen.delete(key)
    }
    const key = contentKey(data)
    if (seen.has(key)) return false
    seen.set(key, now)
    return true
  }

  #updateNeighbours(topic: string): void {
    const membership = this.#joined.get(topic)
    if (membership === undefined) return
    const peers = new Set<PeerId>()
    for (const [end, topics] of this.#ends) if (topics.has(topic)) peers.add(end.remotePeer)
    const before = membership.neighbours.value
    if (peers.size !== before.size || [...peers].some((peer) => !before.has(peer))) membership.neighbours.set(peers)
  }
}

function contentKey(data: Uint8Array): string {
  return `${data.length} ${digestBytes(data)} ${digestBytes(data, SECOND_OFFSET)}`
}
