import type { CloseReason, Datum, Duration, PeerId, StreamId, TicketValidator, WaitOptions, Watch } from '@mosaik/core'
import type { PeerEntry } from '@mosaik/discovery'

/** A peer as rules see it: its newest entry and how far away it is. */
export interface PeerView extends PeerEntry {
  /** Smoothed round-trip time in ms, undefined while nobody has measured it. 0 for the own node. */
  readonly rtt: number | undefined
}

/** How many connected peers of a kind. What is no condition is refused with `ERR_INVALID_OPTION`. */
export interface PeerCondition {
  /** At least this many matching channels are connected. A whole number from 0, which always holds. Default 1. */
  minimumOf?: number
  /** A peer counts only when it has all of these tags. Default: none needed. */
  tags?: string | readonly string[]
  /** A peer counts only when this answers true; one for which it throws does not. Asked again whenever its entry changes. */
  where?: (peer: PeerView) => boolean
}

/** How a consumer comes back to a producer that it lost or that refused it. */
export interface BackoffOptions {
  /** The first delay, 1 ms to 60 min. Default 500 ms. */
  initial?: Duration
  /** Each delay is the one before times this, 1 to 100. Default 1.5. */
  factor?: number
  /** No delay is longer, before jitter; 1 ms to 60 min. Default 60 s. */
  max?: Duration
  /** A delay is uniform in d × [1 − jitter, 1 + jitter], 0 to 1. Default 0.5. */
  jitter?: number
  /**
   * After this long without a stable connection the consumer waits for a sign of life instead: a change of the own or
   * that producer's entry; a new connection to it, if it was lost or out of reach; that everything was read, if the
   * consumer was too slow. A full producer is tried again for ever. Default 300 s; 0: at the first failure.
   */
  giveUpAfter?: Duration
}

/** For all streams of a node. */
export interface StreamsOptions {
  /** What consumers use unless they, or their definition, say otherwise. */
  backoff?: BackoffOptions
}

/** One validator or several; a peer must hold a ticket that is good for each. */
export type Validators = TicketValidator | readonly TicketValidator[]

/**
 * What happens to a matching consumer whose queue at the producer has no room when a datum is taken: it is ended with
 * `TooSlow`, it misses the datum (counted in its `dropped`), or `send` waits for it.
 */
export type Lagging = 'disconnect' | 'drop' | 'wait'

/** How a stream is offered. */
export interface ProducerOptions<T> {
  /** When the producer is online: only then are data taken. Default: one connected consumer. */
  onlineWhen?: PeerCondition
  /**
   * Whom to serve. Asked on admission and again whenever the consumer's entry or round-trip time changes; false, or a throw,
   * ends it with `NotAllowed`. Default: everyone in the catalog.
   */
  require?: (peer: PeerView) => boolean
  /** Consumers must hold a ticket that each of these accepts, on admission and as long as they are served. Default: none needed. */
  requireTicket?: Validators
  /** Items that wait here for each consumer, 1 to 1 048 576. Default 1024. */
  bufferSize?: number
  /** Subscriptions served at a time, at least 1; more are refused with `NoCapacity`. Default: no limit but 64 for each peer. */
  maxConsumers?: number
  /** What happens to a consumer without room. Default `disconnect`. */
  lagging?: Lagging
  /** Gets every datum that was taken and matched no connected consumer, before the send answers. Never what found full queues. */
  undelivered?: (datum: T) => void
}

/**
 * What one field must be: this value, or within these bounds and one of these. Equal is by value, also for objects. Numbers and
 * bigints are ordered by amount, text by UTF-16 code units; nothing else is within bounds, and an absent field satisfies no rule.
 */
export type Rule<V> = V | { gt?: V; gte?: V; lt?: V; lte?: V; in?: readonly V[] }
/** Which data to get: every named field must satisfy its rule. Evaluated at the producer. */
export type Criteria<T> = T extends object ? { [K in keyof T]?: Rule<T[K]> } : never

/** How a stream is consumed. */
export interface ConsumerOptions<T> {
  /**
   * Whom to consume from. Asked before subscribing and again whenever the producer's entry or round-trip time changes; false,
   * or a throw, ends the channel with `NotAllowed`. Default: everyone who offers the stream.
   */
  require?: (peer: PeerView) => boolean
  /** Producers must hold a ticket that each of these accepts, as long as they are consumed. Default: none needed. */
  requireTicket?: Validators
  /** When the consumer is online. Default: always (`minimumOf` 0). */
  onlineWhen?: PeerCondition
  /** Which data to get. At most 64 fields, 256 choices in a list, 1024 values in all, 8 deep, 16 KiB encoded. Default: all. */
  where?: Criteria<T>
  /** Items of each producer that wait here for the application, 1 to 1 048 576 (and 32 MiB of payload). Default 1024. */
  bufferSize?: number
  /** How it comes back to a producer. Default: that of `createStreams`. */
  backoff?: BackoffOptions
  /** Consume from a producer on the own node too, in process. Default false. */
  includeLocal?: boolean
}

/**
 * Defaults that travel with a definition. Keys beside the sections hold for both sides. `require` and `requireTicket` add up with
 * those of the section and the call; of everything else the call's wins, then the section's.
 */
export interface StreamDefaults<T> {
  /** Enters the id: streams of different versions never meet. A whole number from 0. Default: no version. */
  version?: number
  require?: (peer: PeerView) => boolean
  requireTicket?: Validators
  onlineWhen?: PeerCondition
  producer?: ProducerOptions<T>
  consumer?: ConsumerOptions<T>
}

/** A stream's name and type, shared by both ends. Made by `defineStream`. */
export interface StreamDef<T> {
  /** `uniqueId(name)`, with a version `deriveId(uniqueId(name), 'v' + version)`. */
  readonly id: StreamId
  readonly name: string
  /** Never there; carries the type. */
  readonly '~type'?: T
}

export type { Datum }

/**
 * Counts since the beginning. What they count: at a producer, data taken that matched somebody; at a consumer, data that
 * the application took; at a channel, data that passed.
 */
export interface Stats {
  readonly datums: number
  /** Encoded payloads of these, in bytes. */
  readonly bytes: number
  /** Data that were missed under `drop`: at a producer once for each consumer that missed one. */
  readonly dropped: number
  /** Milliseconds since it went online (an end) or was connected (a channel); undefined while it is not. */
  readonly uptime: number | undefined
}

/** One subscription, seen from either end. A live view: `state` and `stats` are those of now. */
export interface ChannelInfo {
  readonly peerId: PeerId
  /** Its newest entry, and the newest round-trip time. */
  readonly peer: PeerView
  /** `connecting` also while it waits for its next attempt. Terminated ones are no longer listed. */
  readonly state: 'connecting' | 'connected' | 'terminated'
  /** What passed through this channel. */
  readonly stats: Stats
  /** Why it ended, the same at both ends. Never rejects. */
  readonly closed: Promise<CloseReason>
}

/**
 * Waits for the state of an end. One that already holds resolves at once. Rejects with `ERR_CLOSED` when the end is closed,
 * with `ERR_INVALID_OPTION` for what is no condition, or with the signal's reason.
 */
export interface When {
  /** Until `onlineWhen` holds. */
  online(options?: WaitOptions): Promise<void>
  /** Until it does not hold, or the end is closed. */
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
  /** Does `onlineWhen` hold? False from the beginning of close. */
  readonly isOnline: boolean
  readonly stats: Stats
  readonly when: When
  /**
   * A watch on a condition: does it hold now, and when does that change? Its waits reject with `ERR_CLOSED` once the end is
   * closed. Throws `ERR_INVALID_OPTION`.
   */
  condition(condition: PeerCondition): Watch<boolean>
  /**
   * Ends it; twice is once. A producer first delivers what was sent (for at most 2 s) and says 204 `GracefulShutdown`; a
   * consumer lets go of what was not read and says 102 `Cancelled`. Resolves when the other sides have hung up, never rejects.
   */
  close(): Promise<void>
}

/**
 * What `trySend` did. `offline`: `onlineWhen` does not hold. `full`: a send would wait, for room or behind others. `closed`:
 * the producer is.
 */
export type Sent<T> = { readonly ok: true } | { readonly ok: false; readonly reason: 'offline' | 'full' | 'closed'; readonly datum: T }
/** What `tryReceive` found. `empty`: nothing now. `closed`: nothing any more. */
export type Received<T> = { readonly ok: true; readonly datum: T } | { readonly ok: false; readonly reason: 'empty' | 'closed' }

/** One node's end of a stream, for sending. */
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

/** A reader of a stream, of every producer that it may consume from. In the order of each producer; those mix as data arrive. */
export interface Consumer<T> extends End, AsyncIterable<T> {
  /** The channels to producers: connected ones, and those being connected or waiting for their next attempt. */
  readonly producers: readonly ChannelInfo[]
  /** The next datum. Rejects with `ERR_CLOSED` once closed, or with the signal's reason; nothing is lost by that. */
  receive(options?: WaitOptions): Promise<T>
  /** What is there now. Never throws. */
  tryReceive(): Received<T>
  /** The same as a Web stream. It takes nothing ahead of its reader; cancelling it closes nothing. */
  readonly readable: ReadableStream<T>
}

/** The streams of one node. */
export interface Streams extends AsyncDisposable {
  /**
   * Offers a stream from now on. Throws `ERR_ALREADY_EXISTS` (`error.existing` is the first producer), `ERR_INVALID_OPTION`,
   * `ERR_TOO_LARGE` (the node's entry has no room for another stream) or `ERR_CLOSED`.
   */
  produce<T>(definition: StreamDef<T>, options?: ProducerOptions<T>): Producer<T>
  /** Subscribes to every acceptable producer, now and later. Throws `ERR_INVALID_OPTION` or `ERR_CLOSED`. */
  consume<T>(definition: StreamDef<T>, options?: ConsumerOptions<T>): Consumer<T>
  /** Ends every producer and consumer with 204 `GracefulShutdown`; what was sent is delivered first, for at most 4 s. */
  close(): Promise<void>
}
