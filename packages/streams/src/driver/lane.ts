import { CloseReasons } from '@mosaik/core'
import type { CloseReason, PeerId, StreamId } from '@mosaik/core'
import type { PeerEntry } from '@mosaik/discovery'
import type { ConsumerSettings } from '../config.ts'
import { sameContent } from '../logic/entries.ts'
import type { Retry } from '../logic/retry.ts'
import type { Room } from '../logic/window.ts'
import type { Lagging } from '../types.ts'
import { StreamCloseReasons, WINDOW_BYTES } from '../wire/protocol.ts'
import { Channel } from './channel.ts'
import type { NodeContext } from './context.ts'
import type { Member, Subscription } from './subscription.ts'
import type { Subscriptions } from './subscriptions.ts'

/** The consumer that lanes lead to. */
export interface LaneHost {
  readonly context: NodeContext
  readonly stream: StreamId
  readonly settings: ConsumerSettings
  readonly subscriptions: Subscriptions
  /** Rules and codecs are the application's: they may have closed it. */
  readonly isClosed: boolean
  /** Decodes and queues an item. Throws what is wrong with it. */
  deliver(bytes: Uint8Array, lane: Lane): void
  onDropped(count: number): void
  /** A channel was made, connected, or ended. `connected` is the difference in how many are. */
  onChannel(connected: -1 | 0 | 1): void
  /** Nothing keeps this lane any more. */
  forget(lane: Lane): void
}

/**
 * - `idle`: there is no reason to subscribe, or a rule forbids it
 * - `measuring`: the round trip, before a rule is asked for the first time
 * - `joined`: behind a subscription that is connecting or connected
 * - `waiting`: for the next attempt
 * - `dormant`: given up until there is a sign of life
 */
type Phase = 'idle' | 'measuring' | 'joined' | 'waiting' | 'dormant'

/** One consumer's way to one producer: whether it wants it, its place behind a subscription, and what it remembers of failures. */
export class Lane implements Member {
  readonly peerId: PeerId
  readonly bufferSize: number
  channel: Channel | undefined
  readonly #host: LaneHost
  readonly #retry: Retry
  #phase: Phase = 'idle'
  #entry: PeerEntry | undefined
  #subscription: Subscription | undefined
  #queued = 0
  #queuedBytes = 0
  #measured = false
  #seenRtt: number | undefined
  /** One sync after a 401, until it was connected or something changed. */
  #synced = false
  /** The last end was not the other side's decision. */
  #lost = false
  /** The last end was `TooSlow`. */
  #slow = false
  #cancelRetry: () => void = () => {}
  #cancelExpiry: () => void = () => {}

  constructor(host: LaneHost, peerId: PeerId) {
    this.#host = host
    this.peerId = peerId
    this.bufferSize = host.settings.bufferSize
    this.#retry = host.settings.retry(host.context.prng)
  }

  get room(): Room {
    return { items: Math.max(0, this.bufferSize - this.#queued), bytes: Math.max(0, WINDOW_BYTES - this.#queuedBytes) }
  }

  /** The producer's newest entry; undefined when it has left the catalog. */
  update(entry: PeerEntry | undefined): void {
    const before = this.#entry
    this.#entry = entry
    if (entry === undefined) {
      this.#retry.reset()
      void this.stop({ ...CloseReasons.UnknownPeer, detail: 'the producer has left the catalog' })
      return this.#forgetIfDone()
    }
    if (this.channel !== undefined) this.channel.entry = entry
    this.#consider(before === undefined || !sameContent(before, entry))
  }

  /** The own entry says something new: who refused it may accept it. */
  ownNews(): void {
    this.#consider(true)
  }

  /** The round trip may be another one. */
  reviewRtt(): void {
    if (this.#host.settings.rules.require.length === 0 || this.#entry === undefined) return
    if (this.#host.context.rttOf(this.peerId) !== this.#seenRtt) this.#consider(false)
  }

  /** There is a connection to the producer that was not there before. */
  connected(): void {
    if (!this.#lost || (this.#phase !== 'waiting' && this.#phase !== 'dormant')) return
    if (this.#phase === 'dormant') this.#retry.reset()
    this.#consider(false)
    if (this.#phase === 'waiting' || this.#phase === 'dormant') this.#connect()
  }

  /** The application has taken an item of so many bytes. */
  taken(bytes: number): void {
    this.#queued -= 1
    this.#queuedBytes -= bytes
    if (this.#subscription !== undefined) this.#subscription.roomChanged()
    else if (this.#queued === 0) this.#drained()
  }

  /** Everything was taken, and nothing more comes. A consumer given up for being slow has caught up: that is a sign of life. */
  #drained(): void {
    if (this.#phase === 'dormant' && this.#slow) {
      this.#retry.reset()
      this.#connect()
    } else this.#forgetIfDone()
  }

  onStart(): void {
    if (this.#host.isClosed) return // by a predicate of its neighbour
    this.#synced = false
    this.#lost = false
    this.channel?.connect()
    this.#host.onChannel(1)
  }

  onItem(bytes: Uint8Array, lagging: Lagging): void {
    if (this.#subscription === undefined) return // left while its neighbours were being served
    const isFull = this.#queued >= this.bufferSize || this.#queuedBytes >= WINDOW_BYTES
    if (isFull && lagging === 'drop') return this.onDropped(1)
    if (isFull && lagging === 'disconnect')
      return this.#giveUpPlace({ ...StreamCloseReasons.TooSlow, detail: 'the queue of this consumer was full' })
    try {
      this.#host.deliver(bytes, this)
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      return this.#giveUpPlace({ ...CloseReasons.ProtocolViolation, detail })
    }
  }

  /** An item was decoded and is about to be queued. */
  count(bytes: number): void {
    this.#queued += 1
    this.#queuedBytes += bytes
    const channel = this.channel
    if (channel === undefined) return // closed by the decoder, which is the application's
    channel.datums += 1
    channel.bytes += bytes
  }

  onDropped(count: number): void {
    if (this.channel !== undefined) this.channel.dropped += count
    this.#host.onDropped(count)
  }

  onEnded(reason: CloseReason, lost: boolean): void {
    this.#lost = lost
    this.#afterEnd(reason, reason)
  }

  /** Ends what there is; nothing follows by itself. Resolves when the other side has hung up. */
  async stop(reason: CloseReason): Promise<void> {
    this.#cancelRetry()
    this.#cancelExpiry()
    const subscription = this.#subscription
    const channel = this.channel
    this.#subscription = undefined
    this.channel = undefined
    this.#phase = 'idle'
    if (channel === undefined) return
    const wasConnected = channel.connected
    const held = subscription?.leave(this, reason) ?? Promise.resolve(reason)
    channel.terminate(held)
    this.#host.onChannel(wasConnected ? -1 : 0)
    await held
  }

  /** Decides anew what to do. `news`: something may have changed the mind of whoever refused. */
  #consider(news: boolean): void {
    const entry = this.#entry
    const { context, settings, stream } = this.#host
    if (entry === undefined) return
    // While joined, what was sent still comes from whom it may come; the producer says when it is over.
    if (!entry.streams.has(stream) && this.#phase !== 'joined') return void this.stop(StreamCloseReasons.StreamNotFound)
    this.#seenRtt = context.rttOf(this.peerId)
    if (this.#phase === 'measuring') return
    if (!this.#measured && settings.rules.require.length > 0) return void this.#measure()
    this.#cancelExpiry()
    const judgement = context.judge(settings.rules, entry)
    if (this.#host.isClosed) return
    if (!judgement.allowed) return void this.stop(judgement.reason)
    this.#cancelExpiry = context.atExpiry(judgement.until, () => this.#consider(false))
    if (news) {
      this.#synced = false
      this.#retry.reset()
    }
    if (this.#phase === 'idle' || (news && this.#phase !== 'joined')) this.#connect()
  }

  async #measure(): Promise<void> {
    this.#phase = 'measuring'
    await this.#host.context.measured(this.#host.settings.rules, this.peerId)
    this.#measured = true
    if (this.#phase !== 'measuring') return
    this.#phase = 'idle'
    this.#consider(false)
  }

  #connect(): void {
    this.#cancelRetry()
    this.#phase = 'joined'
    this.#newChannel()
    if (this.#host.isClosed) return // predicates are the application's too
    const { subscriptions, stream, settings } = this.#host
    const subscription = subscriptions.join(this, this.peerId, stream, settings.where)
    if (this.#host.isClosed) void subscription.leave(this, CloseReasons.Cancelled)
    else this.#subscription = subscription
  }

  #newChannel(): void {
    if (this.channel !== undefined || this.#entry === undefined) return
    this.channel = new Channel(this.#host.context, this.#entry)
    this.#host.onChannel(0)
  }

  /** This consumer's place behind the subscription ends, others may stay. */
  #giveUpPlace(reason: CloseReason): void {
    const held = this.#subscription?.leave(this, reason)
    this.#afterEnd(reason, held ?? reason)
  }

  /** What follows an end: one sync where that may help, another attempt later, or nothing. */
  #afterEnd(reason: CloseReason, held: CloseReason | Promise<CloseReason>): void {
    const { context } = this.#host
    const channel = this.channel
    const wasConnected = channel?.connected === true
    this.#subscription = undefined
    this.channel = undefined
    this.#phase = 'idle'
    this.#slow = reason.code === StreamCloseReasons.TooSlow.code
    channel?.terminate(held)
    context.logger.debug('channel to %s ended: %s %s', this.peerId, reason.name, reason.detail ?? '')
    // A connection proves nothing when nothing could pass, because the queue here was still full.
    const proven = this.#slow && channel?.datums === 0 ? undefined : channel?.connectedAt
    if (this.#entry?.streams.has(this.#host.stream) === true) this.#planNext(reason, proven)
    else this.#cancelExpiry()
    this.#host.onChannel(wasConnected ? -1 : 0)
    this.#forgetIfDone()
  }

  #planNext(reason: CloseReason, connectedAt: number | undefined): void {
    const { context } = this.#host
    // Nothing tells when a full producer has a place again.
    const mayGiveUp = !this.#hasCaughtUp && reason.code !== StreamCloseReasons.NoCapacity.code
    const delay = this.#retry.failed(context.clock.monotonic(), connectedAt, mayGiveUp)
    if (delay === undefined) {
      this.#phase = 'dormant'
      context.logger.info('gave up on producer %s (%s); waiting for a sign of life', this.peerId, reason.name)
      return
    }
    this.#phase = 'waiting'
    this.#newChannel()
    if (this.#host.isClosed) return
    if (reason.code === CloseReasons.UnknownPeer.code && !this.#synced) return void this.#syncThenConnect(delay)
    this.#connectIn(delay)
  }

  /** It was too slow and everything is read: the sign that such a consumer would wait for has come already. */
  get #hasCaughtUp(): boolean {
    return this.#slow && this.#queued === 0
  }

  #connectIn(delay: number): void {
    this.#cancelRetry = this.#host.context.clock.after(delay, () => {
      if (this.#phase === 'waiting') this.#connect()
    })
  }

  async #syncThenConnect(delay: number): Promise<void> {
    this.#synced = true
    let cancelled = false
    this.#cancelRetry = () => {
      cancelled = true
    }
    const helped = await this.#host.context.sync(this.peerId)
    if (cancelled || this.#phase !== 'waiting') return
    if (helped) this.#connect()
    else this.#connectIn(delay)
  }

  #forgetIfDone(): void {
    if (this.#entry === undefined && this.#queued === 0 && this.#phase === 'idle') this.#host.forget(this)
  }
}
