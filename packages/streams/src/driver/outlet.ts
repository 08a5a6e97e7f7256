import type { CloseReason, Link, Logger } from '@mosaik/core'
import { CloseReasons } from '@mosaik/core'
import type { PeerEntry } from '@mosaik/discovery'
import type { Matcher } from '../logic/criteria.ts'
import type { Place } from '../logic/fanout.ts'
import { Ring } from '../logic/ring.ts'
import { Window } from '../logic/window.ts'
import type { Room } from '../logic/window.ts'
import type { Lagging } from '../types.ts'
import { decodeCredit, encodeNotice, encodeStart, ESCAPE, violation } from '../wire/messages.ts'
import { MAX_CREDIT_ITEMS, WINDOW_BYTES } from '../wire/protocol.ts'
import { Channel } from './channel.ts'
import type { NodeContext } from './context.ts'
import type { ProducerMetrics } from './metrics.ts'
import { Tally } from './tally.ts'

/** Whoever fills outlets. */
export interface OutletHost {
  /** There is room where there may have been none. */
  onRoom(): void
  /** It is over, for whatever reason. Called once. */
  onEnded(outlet: Outlet): void
}

export interface OutletOptions {
  readonly context: NodeContext
  readonly host: OutletHost
  readonly metrics: ProducerMetrics
  readonly link: Link
  readonly entry: PeerEntry
  /** Which subscription of its peer this is: one of the same key takes its place. */
  readonly key: string
  readonly matches: Matcher | undefined
  readonly credit: Room
  readonly bufferSize: number
  readonly lagging: Lagging
}

/**
 * The producer's end of one subscription: a queue of encoded items that leaves as fast as the consumer gives credit
 * and the link takes it. Every matching item has a number; where numbers are missing the consumer is told how many.
 */
export class Outlet implements Place {
  readonly channel: Channel
  readonly key: string
  readonly matches: Matcher | undefined
  /** Cancels the expiry timer of its tickets. */
  cancelExpiry: () => void = () => {}
  /** The round trip that `require` has seen. */
  seenRtt: number | undefined
  readonly #host: OutletHost
  readonly #metrics: ProducerMetrics
  readonly #logger: Logger
  readonly #tally: Tally
  readonly #link: Link
  readonly #bufferSize: number
  /** Items and their numbers. */
  readonly #queue = new Ring<Uint8Array>()
  readonly #window = new Window()
  /** The number of the next item that matches. */
  #next = 0
  /** The number of the next item that the consumer expects. */
  #expected = 0
  #linkReady = true
  #over = false
  readonly #drainWaits: (() => void)[] = []

  constructor(options: OutletOptions) {
    const { context, link, entry } = options
    this.#host = options.host
    this.#metrics = options.metrics
    this.#logger = context.logger
    this.#tally = new Tally(context.endpoint, this.#metrics.items, this.#metrics.bytes)
    this.#link = link
    this.#bufferSize = options.bufferSize
    this.key = options.key
    this.matches = options.matches
    this.seenRtt = context.rttOf(entry.peerId)
    this.channel = new Channel(context, entry)
    this.#grant(options.credit)
    link.send(encodeStart(options.lagging))
    this.channel.connect()
    link.onReady = () => {
      this.#linkReady = true
      this.#pump()
    }
    link.onMessage((message) => {
      this.#grant(decodeCredit(message))
      this.#pump()
    })
    void link.closed.then((reason) => this.#end(reason))
  }

  get hasRoom(): boolean {
    return this.#queue.size < this.#bufferSize
  }

  get isOver(): boolean {
    return this.#over
  }

  /** Passes an item on, at once or through the queue; its bytes must not change. False: there is no room. */
  push(bytes: Uint8Array): boolean {
    if (this.#queue.size === 0 && this.#linkReady && this.#window.allows(bytes.length)) this.#write(bytes, this.#next++)
    else if (this.hasRoom) this.#queue.push(bytes, this.#next++)
    else return false
    return true
  }

  /** A matching item that this consumer does not get. It will be told. */
  miss(): void {
    this.#next += 1
    this.channel.dropped += 1
    this.#metrics.dropped.add()
  }

  /** Resolves when nothing waits here any more, or it is over. */
  async drained(): Promise<void> {
    if (this.#over || this.#queue.size === 0) return
    await new Promise<void>((resolve) => this.#drainWaits.push(resolve))
  }

  /** Ends the subscription; what the link has been given is sent first. Resolves when the other side has hung up. */
  async end(reason: CloseReason, timeoutMs?: number): Promise<void> {
    const closing = this.#link.close(reason, timeoutMs)
    this.#end(this.#link.closed)
    await closing
  }

  #end(reason: CloseReason | Promise<CloseReason>): void {
    if (this.#over) return
    this.#over = true
    this.cancelExpiry()
    if (this.#queue.size > 0) this.#logger.info('%d items for %s were still queued and are lost', this.#queue.size, this.channel.peerId)
    this.#queue.clear()
    this.channel.terminate(reason)
    for (const resolve of this.#drainWaits) resolve()
    this.#host.onEnded(this)
  }

  #grant(credit: Room): void {
    this.#window.grant(credit)
    if (this.#window.items > MAX_CREDIT_ITEMS || this.#window.bytes > WINDOW_BYTES) throw violation('more credit than anyone may give')
  }

  #pump(): void {
    if (this.#over) return
    const before = this.#queue.size
    while (this.#queue.size > 0 && this.#linkReady && this.#window.allows(this.#queue.first().length)) {
      const number = this.#queue.firstNumber()
      this.#write(this.#queue.shift(), number)
    }
    if (this.#queue.size === 0) {
      if (this.#expected !== this.#next) this.#tellDrops(this.#next)
      for (const resolve of this.#drainWaits.splice(0)) resolve()
    }
    if (this.#queue.size < before) this.#host.onRoom()
  }

  #write(bytes: Uint8Array, number: number): void {
    if (number !== this.#expected) this.#tellDrops(number)
    this.#expected = number + 1
    this.#window.spend(bytes.length)
    if (bytes.length > 0) this.#send(bytes)
    else {
      this.#send(ESCAPE)
      this.#send(encodeNotice(0))
    }
    this.channel.datums += 1
    this.channel.bytes += bytes.length
    this.#tally.add(bytes.length)
  }

  #tellDrops(next: number): void {
    this.#send(ESCAPE)
    this.#send(encodeNotice(next - this.#expected))
    this.#expected = next
  }

  #send(message: Uint8Array): void {
    if (!this.#link.send(message)) this.#linkReady = false
  }
}

/** A newer subscription of the same peer for the same items takes the place of this one. */
export const SUPERSEDED: CloseReason = { ...CloseReasons.Cancelled, detail: 'the peer has subscribed anew' }
