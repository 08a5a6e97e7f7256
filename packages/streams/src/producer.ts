import { CloseReasons } from '@mosaik/core'
import type { Link, PeerId, Watch } from '@mosaik/core'
import type { PeerEntry } from '@mosaik/discovery'
import type { DefinitionParts, ProducerSettings } from './config.ts'
import type { NodeContext } from './driver/context.ts'
import { Fanout } from './driver/fanout.ts'
import type { ProducerMetrics } from './driver/metrics.ts'
import { Outlet, SUPERSEDED } from './driver/outlet.ts'
import { sendingStream } from './driver/web.ts'
import type { Matcher } from './logic/criteria.ts'
import type { ChannelInfo, PeerCondition, Producer, Sent, Stats, StreamDef, When } from './types.ts'
import { Presence } from './when.ts'
import type { Subscribe } from './wire/messages.ts'
import { MAX_SUBSCRIPTIONS_PER_PEER } from './wire/protocol.ts'

/** How long a close lets queues run empty before it hangs up. */
export const DRAIN_MS = 2_000
/** And how long it then waits for each consumer to hang up too. */
const HANG_UP_MS = 1_500

export interface ProducerParts {
  readonly context: NodeContext
  readonly definition: StreamDef<unknown>
  readonly parts: DefinitionParts
  readonly settings: ProducerSettings
  /** It is no longer offered; `done` when everything was delivered. */
  readonly onClose: (done: Promise<void>) => void
}

/** A candidate that has passed rules and tickets. */
export interface Admitted {
  readonly link: Link
  readonly entry: PeerEntry
  readonly subscribe: Subscribe
  readonly matches: Matcher | undefined
  readonly until: number | 'never'
}

/** The producer a user holds, and what the node's acceptor and roster tell it. */
export class StreamProducer implements Producer<unknown> {
  readonly id: StreamDef<unknown>['id']
  readonly when: When
  readonly settings: ProducerSettings
  readonly #context: NodeContext
  readonly #metrics: ProducerMetrics
  readonly #presence: Presence
  readonly #fanout: Fanout
  readonly #onClose: (done: Promise<void>) => void
  readonly #withdraw: () => void
  #writable: WritableStream<unknown> | undefined
  #closing: Promise<void> | undefined
  #errorWritable: (() => void) | undefined

  constructor({ context, definition, parts, settings, onClose }: ProducerParts) {
    this.id = definition.id
    this.settings = settings
    this.#context = context
    this.#onClose = onClose
    this.#metrics = context.metrics.producer(this.id)
    const what = `producer of ${definition.name}`
    const { clock, logger } = context
    this.#fanout = new Fanout({
      what,
      codec: parts.codec,
      lagging: settings.lagging,
      clock,
      isOnline: () => this.#presence.isOnline,
      undelivered: (datum) => this.#undelivered(datum),
    })
    this.#presence = new Presence({
      what,
      clock,
      logger,
      onlineWhen: settings.onlineWhen,
      channels: () => this.#fanout.outlets.map(({ channel }) => channel),
    })
    this.when = this.#presence.when
    this.#withdraw = context.discovery.advertise({ stream: this.id }) // may throw: the entry has limits
    context.metrics.producers.add(1)
  }

  get isOnline(): boolean {
    return this.#presence.isOnline
  }

  get stats(): Stats {
    const { datums, bytes, dropped } = this.#fanout
    return { datums, bytes, dropped, uptime: this.#presence.uptime }
  }

  get consumers(): readonly ChannelInfo[] {
    return this.#fanout.outlets.map((outlet) => outlet.channel.info)
  }

  get writable(): WritableStream<unknown> {
    if (this.#writable === undefined) {
      const { stream, fail } = sendingStream(this, () => {
        if (this.#writable === stream) this.#writable = undefined
      })
      this.#writable = stream
      this.#errorWritable = fail
      if (this.#closing !== undefined) fail()
    }
    return this.#writable
  }

  condition(condition: PeerCondition): Watch<boolean> {
    return this.#presence.condition(condition)
  }

  send(datum: unknown, options?: { readonly signal?: AbortSignal }): Promise<void> {
    return this.#fanout.send(datum, options?.signal)
  }

  trySend(datum: unknown): Sent<unknown> {
    return this.#fanout.trySend(datum)
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#closing = promise // first: what hears of the end may close it too
      this.#onClose(promise)
      resolve(this.#close())
    }
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Is there a place for this subscription? One that it takes over does not count. */
  hasCapacity(peerId: PeerId, key: string): 'yes' | 'no' | 'too many of this peer' {
    const others = this.#fanout.outlets.filter((outlet) => outlet.key !== key)
    if (others.length >= this.settings.maxConsumers) return 'no'
    return others.filter((outlet) => outlet.channel.peerId === peerId).length >= MAX_SUBSCRIPTIONS_PER_PEER
      ? 'too many of this peer'
      : 'yes'
  }

  /** Registers a subscription: it gets every datum from now on. */
  admit({ link, entry, subscribe, matches, until }: Admitted): void {
    const key = subscriptionKey(entry.peerId, subscribe)
    for (const old of this.#fanout.outlets) if (old.key === key) void old.end(SUPERSEDED)
    const outlet = new Outlet({
      context: this.#context,
      metrics: this.#metrics,
      link,
      entry,
      key,
      matches,
      credit: subscribe.credit,
      bufferSize: this.settings.bufferSize,
      lagging: this.settings.lagging,
      host: { onRoom: () => this.#fanout.settle(), onEnded: (ended) => this.#remove(ended) },
    })
    this.#fanout.add(outlet)
    this.#metrics.accepted.add()
    this.#metrics.consumers.add(1)
    this.#expireAt(outlet, until)
    this.#changed()
  }

  rejected(): void {
    this.#metrics.rejected.add()
  }

  /** A consumer's entry or round trip may have changed: does it still satisfy the rules? */
  review(peerId: PeerId, entry: PeerEntry | undefined): void {
    let changed = false
    for (const outlet of this.#fanout.outlets) {
      if (outlet.channel.peerId !== peerId) continue
      if (entry === undefined) {
        void outlet.end({ ...CloseReasons.UnknownPeer, detail: 'the consumer has left the catalog' })
        continue
      }
      changed = true
      outlet.channel.entry = entry
      this.#judge(outlet)
    }
    if (changed) this.#changed()
  }

  /** Round trips may have been measured: reviews those whose rules could see a difference. */
  reviewRtts(): void {
    if (this.settings.rules.require.length === 0) return
    for (const outlet of this.#fanout.outlets) {
      const rtt = this.#context.rttOf(outlet.channel.peerId)
      if (rtt === outlet.seenRtt) continue
      outlet.seenRtt = rtt
      this.#judge(outlet)
    }
  }

  #judge(outlet: Outlet): void {
    const judgement = this.#context.judge(this.settings.rules, outlet.channel.entry)
    if (judgement.allowed) return this.#expireAt(outlet, judgement.until)
    void outlet.end(judgement.reason)
  }

  #expireAt(outlet: Outlet, until: number | 'never'): void {
    outlet.cancelExpiry()
    outlet.cancelExpiry = outlet.isOver ? () => {} : this.#context.atExpiry(until, () => this.#judge(outlet))
  }

  #remove(outlet: Outlet): void {
    if (!this.#fanout.outlets.includes(outlet)) return
    this.#fanout.remove(outlet)
    this.#metrics.consumers.add(-1)
    this.#changed()
  }

  #changed(): void {
    if (this.#closing !== undefined) return
    this.#presence.update()
    this.#fanout.settle()
  }

  #undelivered(datum: unknown): void {
    try {
      this.settings.undelivered?.(datum)
    } catch (error) {
      this.#context.logger.error('undelivered() of stream %s threw: %o', this.id, error)
    }
  }

  async #close(): Promise<void> {
    this.#withdraw()
    this.#fanout.close()
    this.#presence.leave()
    this.#errorWritable?.()
    const reason = CloseReasons.GracefulShutdown
    const { clock } = this.#context
    await Promise.all(
      this.#fanout.outlets.map(async (outlet) => {
        const timeout = Promise.withResolvers<void>()
        const cancel = clock.after(DRAIN_MS, timeout.resolve)
        await Promise.race([outlet.drained(), timeout.promise])
        cancel()
        await outlet.end(reason, HANG_UP_MS)
      }),
    )
    this.#presence.close()
    this.#context.metrics.producers.add(-1)
  }
}

/** A peer has one subscription for each stream and criteria. */
export function subscriptionKey(peerId: PeerId, { criteria }: Subscribe): string {
  return `${peerId} ${Buffer.from(criteria).toString('base64')}`
}
