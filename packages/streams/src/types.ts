import type { CloseReason, Datum, Duration, PeerId, StreamId, TicketValidator, WaitOptions, Watch } from '@mosaik/core'
import type { PeerEntry } from '@mosaik/discovery'

/** A peer as rules see it: its newest entry and how far away it is. */
export interface PeerView extends PeerEntry {
  /** Smoothed round-trip time in ms, undefined while nobody has measured it. 0 for the own node. */
  readonly rtt: number | undefined
}

/** How many connected peers of a kind. */
export interface PeerCondition {
  /** At least this many matching peers are connected. Default 1; 0 always holds. */
  minimumOf?: number
  /** A peer counts only when it has all of these tags. */
  tags?: string | readonly string[]
  /** A peer counts only when this answers true. Asked again whenever its entry changes. */
  where?: (peer: PeerView) => boolean
}

/** How a consumer comes back to a producer that it lost or that refused it. */
export interface BackoffOptions {
  /** The first delay. Default 500 ms. */
  initial?: Duration
  /** Each delay is the one before times this. Default 1.5, at least 1. */
  factor?: number
  /** No delay is longer, before jitter. Default 60 s. */
  max?: Duration
  /** A delay is uniform in d × [1 − jitter, 1 + jitter]. Default 0.5, between 0 and 1. */
  jitter?: number
  /**
   * After this long without a stable connection the consumer waits for a sign of life instead: a change of the own or
   * that producer's entry, or a new connection to it; where the consumer was too slow, that everything was read. One that
   * only has no place free (`NoCapacity`, `TooManyRequests`) is never given up. Default 300 s; 0: at the first failure.
   */
  giveUpAfter?: Duration
}

export interface StreamsOptions {
  /** What consumers use unless they say otherwise. */
  backoff?: BackoffOptions
}

export type Validators = TicketValidator | readonly TicketValidator[]

/**
 * What happens to a matching consumer whose queue at the producer has no room when a datum is taken: it is ended with
 * `TooSlow`, it misses the datum (counted in its `dropped`), or `send` waits for it.
 */
export type Lagging = 'disconnect' | 'drop' | 'wait'

export interface ProducerOptions<T> {
  /** When the producer is online and sends. Default: one connected consumer. */
  onlineWhen?: PeerCondition
  /** Whom to serve. Asked on admission and again whenever the consumer's entry or round-trip time changes. */
  require?: (peer: PeerView) => boolean
  /** Consumers must hold a ticket that each of these accepts. */
  requireTicket?: Validators
  /** Items that wait here for each consumer. Default 1024, 1 to 1048576. */
  bufferSize?: number
  /** Subscriptions served at a time. Default: no limit. */
  maxConsumers?: number
  /** Default `disconnect`. */
  lagging?: Lagging
  /** Gets every datum that was taken and matched no connected consumer. */
  undelivered?: (datum: T) => void
}

/** What one field must be: this value, or within these bounds, or one of these. */
export type Rule<V> = V | { gt?: V; gte?: V; lt?: V; lte?: V; in?: readonly V[] }
/** Which data to get: every named field must satisfy its rule. Evaluated at the producer. */
export type Criteria<T> = T extends object ? { [K in keyof T]?: Rule<T[K]> } : never

export interface ConsumerOptions<T> {
  /** Whom to consume from. Asked before subscribing and again whenever the producer's entry or round-trip time changes. */
  require?: (peer: PeerView) => boolean
  /** Producers must hold a ticket that each of these accepts. */
  requireTicket?: Validators
  /** When the consumer is online. Default: always (`minimumOf` 0). */
  onlineWhen?: PeerCondition
  /** Which data to get. Default: all. */
  where?: Criteria<T>
  /** Items of each producer that wait here for the application. Default 1024, 1 to 1048576. */
  bufferSize?: number
  backoff?: BackoffOptions
  /** Consume from a producer on the own node too, in process. Default false. */
  includeLocal?: boolean
}

/** Defaults that travel with a definition. Keys beside the sections hold for both sides. */
export interface StreamDefaults<T> {
  /** Enters the id: streams of different versions never meet. A whole number from 0. */
  version?: number
  require?: (peer: PeerView) => boolean
  requireTicket?: Validators
  onlineWhen?: PeerCondition
  producer?: ProducerOptions<T>
  consumer?: ConsumerOptions<T>
}

/** A stream's name and type, shared by both ends. Made by `defineStream`. */
export interface StreamDef<T> {
  readonly id: StreamId
  readonly name: string
  readonly '~type'?: T
}

export type { Datum }

export interface Stats {
  readonly datums: number
  /** Encoded payloads. */
  readonly bytes: number
  /** Data that lagging consumers missed. */
  readonly dropped: number
  /** Milliseconds since it went online (an end) or was connected (a channel); undefined while it is not. */
  readonly uptime: number | undefined
}

/** One subscription, seen from either end. A live view: `state` and `stats` are those of now. */
export interface ChannelInfo {
  readonly peerId: PeerId
  readonly peer: PeerView
  readonly state: 'connecting' | 'connected' | 'terminated'
  /** What passed through this channel. */
  readonly stats: Stats
  /** Why it ended, the same at both ends. Never rejects. */
  readonly closed: Promise<CloseReason>
}

/** Waits for the state of an end. One that already holds resolves at once; the end's close rejects with `ERR_CLOSED`. */
export interface When {
  online(options?: WaitOptions): Promise<void>
  offline(options?: WaitOptions): Promise<void>
  /** Until the condition holds: by default, one connected peer. */
  subscribed(options?: PeerCondition & WaitOptions): Promise<void>
  /** Until no peer is connected. */
  unsubscribed(options?: WaitOptions): Promise<void>
  /** Until the condition does not hold. */
  unmet(options?: PeerCondition & WaitOptions): Promise<void>
}

/** What producers and consumers have in common. */
export interface End extends AsyncDisposable {
  readonly id: StreamId
  readonly isOnline: boolean
  readonly stats: Stats
  readonly when: When
  /** A watch on a condition: does it hold now, and when does that change? */
  condition(condition: PeerCondition): Watch<boolean>
  close(): Promise<void>
}

export type Sent<T> = { readonly ok: true } | { readonly ok: false; readonly reason: 'offline' | 'full' | 'closed'; readonly datum: T }
export type Received<T> = { readonly ok: true; readonly datum: T } | { readonly ok: false; readonly reason: 'empty' | 'closed' }

export interface Producer<T> extends End {
  /** The subscriptions served now. */
  readonly consumers: readonly ChannelInfo[]
  /**
   * Waits until the producer is online and there is room, then takes the datum. Sends take effect in call order.
   * Rejects with `ERR_INVALID_DATUM`, `ERR_TOO_LARGE` (over 16 MiB encoded), `ERR_CLOSED`, each with `error.datum`, or
   * with the signal's reason; the datum was not taken then.
   */
  send(datum: T, options?: WaitOptions): Promise<void>
  /** Takes the datum now or says why not. Throws only `ERR_INVALID_DATUM` and `ERR_TOO_LARGE`. */
  trySend(datum: T): Sent<T>
  /** The same as a Web stream: a write is a `send`, closing it closes the producer, aborting it only gives up the stream. */
  readonly writable: WritableStream<T>
}

export interface Consumer<T> extends End, AsyncIterable<T> {
  /** The channels to producers: connected ones, and those being connected or waiting for their next attempt. */
  readonly producers: readonly ChannelInfo[]
  /** The next datum. Rejects with `ERR_CLOSED` once closed, or with the signal's reason; nothing is lost by that. */
  receive(options?: WaitOptions): Promise<T>
  tryReceive(): Received<T>
  /** The same as a Web stream. It takes nothing ahead of its reader; cancelling it closes nothing. */
  readonly readable: ReadableStream<T>
}

/** The streams of one node. */
export interface Streams extends AsyncDisposable {
  /**
   * Offers a stream from now on. Throws `ERR_ALREADY_EXISTS` (`error.existing` is the first producer), `ERR_INVALID_OPTION`
   * or `ERR_CLOSED`.
   */
  produce<T>(definition: StreamDef<T>, options?: ProducerOptions<T>): Producer<T>
  /** Subscribes to every acceptable producer, now and later. Throws `ERR_INVALID_OPTION` or `ERR_CLOSED`. */
  consume<T>(definition: StreamDef<T>, options?: ConsumerOptions<T>): Consumer<T>
  /** Ends every producer and consumer with 204 `GracefulShutdown`; what was sent is delivered first, for at most 4 s. */
  close(): Promise<void>
}
