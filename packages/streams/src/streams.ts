import { check, CloseReasons, MosaikError } from '@mosaik/core'
import type { ByteStream, PeerId, StreamId } from '@mosaik/core'
import type { Discovery } from '@mosaik/discovery'
import { consumerSettings, producerSettings, resolveBackoff } from './config.ts'
import { StreamConsumer } from './consumer.ts'
import { partsOf } from './define.ts'
import { Acceptor } from './driver/acceptor.ts'
import { NodeContext } from './driver/context.ts'
import { Roster } from './driver/roster.ts'
import type { RosterFollower } from './driver/roster.ts'
import { Subscriptions } from './driver/subscriptions.ts'
import type { EntryChange } from './logic/entries.ts'
import { StreamProducer } from './producer.ts'
import type { BackoffOptions, Consumer, ConsumerOptions, Producer, ProducerOptions, StreamDef, Streams, StreamsOptions } from './types.ts'
import { PROTOCOL } from './wire/protocol.ts'

/**
 * The streams of a node, on top of its discovery. Serves the streams protocol from now on until it is closed, or
 * discovery is. Throws `ERR_INVALID_OPTION`, or `ERR_ALREADY_EXISTS` when the node has streams already.
 */
export function createStreams(discovery: Discovery, options: StreamsOptions = {}): Streams {
  return new NodeStreams(discovery, options)
}

class NodeStreams implements Streams, RosterFollower {
  readonly #context: NodeContext
  readonly #backoff: BackoffOptions
  readonly #producers = new Map<StreamId, StreamProducer>()
  readonly #consumers = new Set<StreamConsumer>()
  /** Producers that are on their way out: no longer offered, still delivering. */
  readonly #leaving = new Set<Promise<void>>()
  readonly #acceptor: Acceptor
  readonly #subscriptions: Subscriptions
  readonly #roster: Roster
  readonly #following = new AbortController()
  #closing: Promise<void> | undefined

  constructor(discovery: Discovery, options: StreamsOptions) {
    this.#backoff = resolveBackoff('backoff', check.options('options', options).backoff)
    this.#context = new NodeContext(discovery)
    this.#acceptor = new Acceptor(this.#context, (id) => this.#producers.get(id))
    this.#subscriptions = new Subscriptions(this.#context, (stream) => this.#acceptor.accept(stream))
    this.#roster = new Roster(this.#context, this)
    discovery.endpoint.handle(PROTOCOL, (stream: ByteStream) => this.#acceptor.accept(stream))
    this.#roster.follow(this.#following.signal).catch((error: unknown) => {
      if (this.#closing === undefined && !MosaikError.is(error, 'ERR_CLOSED'))
        this.#context.logger.error('following the catalog failed: %o', error)
      void this.close() // without discovery there is nobody to stream with
    })
  }

  produce<T>(definition: StreamDef<T>, options: ProducerOptions<T> = {}): Producer<T> {
    this.#assertOpen('produce')
    const parts = partsOf(definition)
    const settings = producerSettings(parts.defaults, options as ProducerOptions<unknown>)
    const existing = this.#producers.get(definition.id)
    if (existing !== undefined) {
      throw new MosaikError(
        'ERR_ALREADY_EXISTS',
        `stream ${definition.name} has a producer on this node; use error.existing, or close it first`,
        {
          existing,
        },
      )
    }
    const producer: StreamProducer = new StreamProducer({
      context: this.#context,
      definition,
      parts,
      settings,
      onClose: (done) => {
        this.#producers.delete(definition.id)
        this.#leaving.add(done)
        void done.finally(() => this.#leaving.delete(done))
      },
    })
    this.#producers.set(definition.id, producer)
    return producer as Producer<T>
  }

  consume<T>(definition: StreamDef<T>, options: ConsumerOptions<T> = {}): Consumer<T> {
    this.#assertOpen('consume')
    const parts = partsOf(definition)
    const settings = consumerSettings(parts.defaults, options as ConsumerOptions<unknown>, this.#backoff)
    const consumer: StreamConsumer = new StreamConsumer({
      context: this.#context,
      definition,
      parts,
      settings,
      subscriptions: this.#subscriptions,
      onClose: () => this.#consumers.delete(consumer),
    })
    this.#roster.refresh()
    this.#consumers.add(consumer)
    for (const entry of [...this.#roster.entries, this.#context.discovery.me]) consumer.onEntry({ peerId: entry.peerId, entry })
    return consumer as Consumer<T>
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#closing = promise // first: what hears of the end may close them too
      resolve(this.#close())
    }
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  onEntry(change: EntryChange): void {
    if (change.entry === undefined) this.#context.ticketRefusals.forget(change.peerId)
    for (const producer of this.#producers.values()) producer.review(change.peerId, change.entry)
    for (const consumer of this.#consumers) consumer.onEntry(change)
  }

  onOwnNews(): void {
    for (const consumer of this.#consumers) consumer.onOwnNews()
  }

  onCatalog(): void {
    for (const producer of this.#producers.values()) producer.reviewRtts()
    for (const consumer of this.#consumers) consumer.onCatalog()
  }

  onConnected(peerId: PeerId): void {
    for (const consumer of this.#consumers) consumer.onConnected(peerId)
  }

  async #close(): Promise<void> {
    this.#following.abort(new MosaikError('ERR_CLOSED', 'the streams of this node are closed'))
    this.#context.endpoint.unhandle(PROTOCOL)
    // Consumers first: what this node consumes from itself need not be delivered.
    const consumers = [...this.#consumers].map((consumer) => consumer.close(CloseReasons.GracefulShutdown))
    for (const producer of this.#producers.values()) void producer.close()
    await Promise.all([...consumers, ...this.#leaving])
  }

  #assertOpen(what: string): void {
    if (this.#closing !== undefined) throw new MosaikError('ERR_CLOSED', `${what}: the streams of this node are closed`)
  }
}
