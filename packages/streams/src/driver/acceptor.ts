import { CloseReasons, createLink, MosaikError, networkProof } from '@mosaik/core'
import type { ByteStream, CloseReason, Link, PeerId, StreamId } from '@mosaik/core'
import type { PeerEntry } from '@mosaik/discovery'
import type { Rules } from '../config.ts'
import { subscriptionKey } from '../producer.ts'
import type { StreamProducer } from '../producer.ts'
import { readWhere } from '../where.ts'
import { decodeSubscribe } from '../wire/messages.ts'
import type { Subscribe } from '../wire/messages.ts'
import { MAX_PENDING, MAX_PENDING_PER_PEER, MAX_REQUEST_BYTES, StreamCloseReasons } from '../wire/protocol.ts'
import type { NodeContext } from './context.ts'

/** Thrown inside an admission to end it with a reason. */
class Refusal extends Error {
  readonly reason: CloseReason
  readonly producer: StreamProducer | undefined

  constructor(reason: CloseReason, detail?: string, producer?: StreamProducer) {
    super(detail ?? reason.name)
    this.reason = detail === undefined ? reason : { ...reason, detail }
    this.producer = producer
  }
}

/** Judges who wants to subscribe, each on its own and within limits, and hands those who may to their producer. */
export class Acceptor {
  readonly #context: NodeContext
  readonly #producerOf: (id: StreamId) => StreamProducer | undefined
  readonly #pending = new Map<PeerId, number>()
  #pendingInAll = 0

  constructor(context: NodeContext, producerOf: (id: StreamId) => StreamProducer | undefined) {
    this.#context = context
    this.#producerOf = producerOf
  }

  /** Takes an inbound stream. Never throws; whatever happens ends in a subscription or a close frame. */
  accept(stream: ByteStream): void {
    const { clock, endpoint } = this.#context
    const link = createLink(stream, { clock, maxMessageBytes: MAX_REQUEST_BYTES, metrics: endpoint.metrics })
    const peer = link.peerId
    const ofPeer = this.#pending.get(peer) ?? 0
    if (ofPeer >= MAX_PENDING_PER_PEER || this.#pendingInAll >= MAX_PENDING) {
      this.#context.metrics.rejected.add()
      void link.close({ ...CloseReasons.TooManyRequests, detail: 'too many subscriptions are being judged' })
      return
    }
    this.#pending.set(peer, ofPeer + 1)
    this.#pendingInAll += 1
    void this.#admit(link)
      .catch((error: unknown) => this.#refuse(link, error))
      .finally(() => {
        const left = (this.#pending.get(peer) ?? 1) - 1
        if (left === 0) this.#pending.delete(peer)
        else this.#pending.set(peer, left)
        this.#pendingInAll -= 1
      })
  }

  async #admit(link: Link): Promise<void> {
    const subscribe = decodeSubscribe(await link.receive())
    const matches = readWhere(subscribe.criteria)
    const { endpoint } = this.#context
    if (subscribe.proof !== networkProof(endpoint.networkId, link.peerId, endpoint.id)) throw new Refusal(CloseReasons.DifferentNetwork)
    if (this.#context.entryOf(link.peerId) === undefined) await this.#context.sync(link.peerId)
    this.#known(link.peerId)
    const producer = this.#offered(link, subscribe)
    const { rules } = producer.settings
    await this.#context.measured(rules, link.peerId)
    if (this.#isOutdated(link.peerId, subscribe, rules)) await this.#context.sync(link.peerId)
    // From here on nothing waits: what was judged is what is registered, and later changes find it there.
    if (link.ended !== undefined) return
    const entry = this.#known(link.peerId)
    const judgement = this.#context.judge(rules, entry)
    if (this.#offered(link, subscribe) !== producer) throw new Refusal(StreamCloseReasons.StreamNotFound, 'its producer was just closed')
    if (!judgement.allowed) throw new Refusal(judgement.reason, undefined, producer)
    this.#context.metrics.accepted.add()
    producer.admit({ link, entry, subscribe, matches, until: judgement.until })
  }

  /** The caller as the catalog knows it. */
  #known(peerId: PeerId): PeerEntry {
    const entry = this.#context.entryOf(peerId)
    if (entry === undefined) throw new Refusal(CloseReasons.UnknownPeer, 'the caller is not in the catalog, not even after a sync with it')
    return entry
  }

  /** The producer of that stream, when it has a place. */
  #offered(link: Link, subscribe: Subscribe): StreamProducer {
    const producer = this.#producerOf(subscribe.stream)
    if (producer === undefined) throw new Refusal(StreamCloseReasons.StreamNotFound)
    const capacity = producer.hasCapacity(link.peerId, subscriptionKey(link.peerId, subscribe))
    if (capacity === 'no') throw new Refusal(StreamCloseReasons.NoCapacity, `${producer.settings.maxConsumers} are subscribed`, producer)
    if (capacity === 'yes') return producer
    throw new Refusal(CloseReasons.TooManyRequests, 'too many subscriptions of one peer to one stream', producer)
  }

  /** Would the caller be refused by an entry that is older than what it has? */
  #isOutdated(peerId: PeerId, { version }: Subscribe, rules: Rules): boolean {
    const entry = this.#known(peerId)
    return peerId !== this.#context.endpoint.id && entry.updatedAt < version && !this.#context.allows(rules, entry)
  }

  #refuse(link: Link, error: unknown): void {
    const reason = reasonOf(error)
    if (error instanceof Refusal && error.producer !== undefined) error.producer.rejected()
    if (link.ended === undefined) {
      this.#context.metrics.rejected.add()
      this.#context.logger.debug('refused a subscription of %s: %s %s', link.peerId, reason.name, reason.detail ?? '')
    }
    void link.close(reason)
  }
}

function reasonOf(error: unknown): CloseReason {
  if (error instanceof Refusal) return error.reason
  if (MosaikError.is(error, 'ERR_CLOSED')) return CloseReasons.Cancelled // the link ended while it was being judged
  return { ...CloseReasons.ProtocolViolation, detail: error instanceof Error ? error.message : String(error) }
}
