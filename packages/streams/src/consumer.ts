import { CloseReasons, MosaikError } from '@mosaik/core'
import type { CloseReason, Codec, PeerId, WaitOptions, Watch } from '@mosaik/core'
import type { PeerEntry } from '@mosaik/discovery'
import type { ConsumerSettings, DefinitionParts } from './config.ts'
import type { NodeContext } from './driver/context.ts'
import { ItemQueue } from './driver/item-queue.ts'
import { Lane } from './driver/lane.ts'
import type { LaneHost } from './driver/lane.ts'
import type { ConsumerMetrics } from './driver/metrics.ts'
import type { Subscriptions } from './driver/subscriptions.ts'
import { Tally } from './driver/tally.ts'
import { receivingStream } from './driver/web.ts'
import type { ReceivingStream } from './driver/web.ts'
import type { EntryChange } from './logic/entries.ts'
import type { ChannelInfo, Consumer, PeerCondition, Received, Stats, StreamDef, When } from './types.ts'
import { Presence } from './when.ts'

export interface ConsumerParts {
  readonly context: NodeContext
  readonly definition: StreamDef<unknown>
  readonly parts: DefinitionParts
  readonly settings: ConsumerSettings
  readonly subscriptions: Subscriptions
  readonly onClose: () => void
}

const END: IteratorResult<unknown, undefined> = Object.freeze({ done: true, value: undefined })

/** The consumer a user holds, and what the node's roster tells it. */
export class StreamConsumer implements Consumer<unknown>, LaneHost {
  readonly id: StreamDef<unknown>['id']
  readonly when: When
  readonly context: NodeContext
  readonly stream: StreamDef<unknown>['id']
  readonly settings: ConsumerSettings
  readonly subscriptions: Subscriptions
  readonly #name: string
  readonly #codec: Codec<unknown>
  readonly #metrics: ConsumerMetrics
  readonly #presence: Presence
  readonly #lanes = new Map<PeerId, Lane>()
  readonly #queue: ItemQueue
  readonly #arrived: Tally
  readonly #onClose: () => void
  #datums = 0
  #bytes = 0
  #dropped = 0
  #readable: ReceivingStream | undefined
  #closing: Promise<void> | undefined

  constructor({ context, definition, parts, settings, subscriptions, onClose }: ConsumerParts) {
    this.id = definition.id
    this.stream = definition.id
    this.context = context
    this.settings = settings
    this.subscriptions = subscriptions
    this.#name = definition.name
    this.#codec = parts.codec
    this.#onClose = onClose
    this.#metrics = context.metrics.consumer(this.id)
    this.#metrics.active.add(1)
    this.#arrived = new Tally(context.endpoint, this.#metrics.allItems, this.#metrics.allBytes)
    const taken = new Tally(context.endpoint, this.#metrics.items, this.#metrics.bytes)
    this.#queue = new ItemQueue((bytes) => {
      this.#datums += 1
      this.#bytes += bytes
      taken.add(bytes)
    })
    this.#presence = new Presence({
      what: `consumer of ${definition.name}`,
      clock: context.clock,
      logger: context.logger,
      onlineWhen: settings.onlineWhen,
      channels: () => this.#channels(),
    })
    this.when = this.#presence.when
  }

  get isClosed(): boolean {
    return this.#closing !== undefined
  }

  get isOnline(): boolean {
    return this.#presence.isOnline
  }

  get stats(): Stats {
    return { datums: this.#datums, bytes: this.#bytes, dropped: this.#dropped, uptime: this.#presence.uptime }
  }

  get producers(): readonly ChannelInfo[] {
    return Array.from(this.#channels(), (channel) => channel.info)
  }

  get readable(): ReadableStream<unknown> {
    const source = { tryReceive: () => this.tryReceive(), ready: (signal: AbortSignal) => this.#queue.ready(signal) }
    this.#readable ??= receivingStream(source, () => (this.#readable = undefined))
    if (this.isClosed) this.#readable.end()
    return this.#readable.stream
  }

  condition(condition: PeerCondition): Watch<boolean> {
    return this.#presence.condition(condition)
  }

  receive(options?: WaitOptions): Promise<unknown> {
    return this.#queue.next((value) => value, options?.signal)
  }

  tryReceive(): Received<unknown> {
    if (this.#queue.closed !== undefined) return { ok: false, reason: 'closed' }
    return this.#queue.size > 0 ? { ok: true, datum: this.#queue.take() } : { ok: false, reason: 'empty' }
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown, undefined> {
    const queue = this.#queue
    // What waits when the iteration is broken off must not swallow an item.
    const left = new AbortController()
    let isOver = false
    const ended = (error: unknown): IteratorResult<unknown, undefined> => {
      if (isOver || queue.closed !== undefined) return END
      throw error
    }
    return {
      next: () => {
        if (isOver || queue.closed !== undefined) return Promise.resolve(END)
        if (queue.isServable) return Promise.resolve(toResult(queue.take()))
        return queue.next(toResult, left.signal).catch(ended)
      },
      return: () => {
        isOver = true
        left.abort()
        return Promise.resolve(END)
      },
    }
  }

  close(reason: CloseReason = CloseReasons.Cancelled): Promise<void> {
    if (this.#closing === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#closing = promise // first: what hears of the end may close it too
      resolve(this.#close(reason))
    }
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  onEntry({ peerId, entry }: EntryChange): void {
    if (this.#closing !== undefined || (peerId === this.context.endpoint.id && !this.settings.includeLocal)) return
    const lane = this.#lanes.get(peerId) ?? this.#newLane(peerId, entry)
    if (lane === undefined) return
    lane.update(entry)
    this.#presence.update()
  }

  onOwnNews(): void {
    for (const lane of this.#lanes.values()) lane.ownNews()
  }

  onCatalog(): void {
    for (const lane of this.#lanes.values()) lane.reviewRtt()
  }

  onConnected(peerId: PeerId): void {
    this.#lanes.get(peerId)?.connected()
  }

  deliver(bytes: Uint8Array, lane: Lane): void {
    const value = this.#codec.decode(bytes)
    if (this.isClosed) return
    lane.count(bytes.length)
    this.#arrived.add(bytes.length)
    this.#queue.push(value, bytes.length, lane)
  }

  onDropped(count: number): void {
    this.#dropped += count
  }

  onChannel(connected: -1 | 0 | 1): void {
    if (connected !== 0) this.#metrics.producers.add(connected)
    if (this.#closing === undefined) this.#presence.update()
  }

  forget(lane: Lane): void {
    if (this.#lanes.get(lane.peerId) === lane) this.#lanes.delete(lane.peerId)
  }

  #newLane(peerId: PeerId, entry: PeerEntry | undefined): Lane | undefined {
    if (entry === undefined || !entry.streams.has(this.id)) return undefined
    const lane = new Lane(this, peerId)
    this.#lanes.set(peerId, lane)
    return lane
  }

  *#channels(): Generator<NonNullable<Lane['channel']>, void, undefined> {
    for (const { channel } of this.#lanes.values()) if (channel !== undefined) yield channel
  }

  async #close(reason: CloseReason): Promise<void> {
    this.#onClose()
    this.#presence.leave()
    this.#queue.close(new MosaikError('ERR_CLOSED', `the consumer of ${this.#name} is closed`))
    this.#readable?.end()
    const lanes = [...this.#lanes.values()]
    const stopped = lanes.map((lane) => lane.stop(reason))
    this.#lanes.clear()
    this.#presence.close()
    this.#metrics.active.add(-1)
    await Promise.all(stopped)
  }
}

function toResult(value: unknown): IteratorResult<unknown, undefined> {
  return { done: false, value }
}
