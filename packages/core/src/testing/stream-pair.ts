import { createFifo } from '../async/fifo.ts'
import { webFaces, type WebFaces } from '../net/web-faces.ts'
import type { ByteSink, ByteStream } from '../net/endpoint.ts'
import type { PeerId } from '../id/types.ts'
import type { Clock } from '../time/clock.ts'

export interface StreamPairOptions {
  readonly clock: Clock
  /** Default `/test/1.0`. */
  readonly protocol?: string
  /** Who the acceptor sees. Default `dialer`. */
  readonly dialer?: PeerId
  /** Who the dialer sees. Default `acceptor`. */
  readonly acceptor?: PeerId
  /** From `send` to the other side, milliseconds. Default 0: at the end of the turn. */
  readonly delayMs?: number
  /** Default: no limit. */
  readonly bytesPerSecond?: number
  /** Bytes on the way or unread at which `send` answers false. Default 256 KiB. */
  readonly windowBytes?: number
  /** How many of the `available` bytes (at least 1) the next chunk has. Default: chunks arrive as they were sent. */
  readonly chunk?: (available: number) => number
}

/** Two ends of one stream in memory. */
export interface StreamPair {
  readonly dialer: ByteStream
  readonly acceptor: ByteStream
  /** The connection is lost: both ends close with an error, and what was on the way is gone. */
  lose(error?: Error): void
}

const DEFAULT_WINDOW_BYTES = 256 * 1024
const MS_PER_SECOND = 1000

/** Two connected byte streams on a clock, for tests of what runs over streams. A reset takes with it what is on the way. */
export function streamPair(options: StreamPairOptions): StreamPair {
  const dialer = new StreamEnd('outbound', options.acceptor ?? ('acceptor' as PeerId), options)
  const acceptor = new StreamEnd('inbound', options.dialer ?? ('dialer' as PeerId), options)
  dialer.connect(acceptor)
  acceptor.connect(dialer)
  return {
    dialer,
    acceptor,
    lose: (error = new Error('the connection was lost')) => {
      dialer.reset(error)
      acceptor.reset(error)
    },
  }
}

/** What is on the way: bytes, or the end, and when it arrives. */
interface Parcel {
  readonly bytes: Uint8Array | undefined
  readonly at: number
}

class StreamEnd implements ByteStream {
  readonly peerId: PeerId
  readonly protocol: string
  readonly direction: 'inbound' | 'outbound'
  readonly #options: StreamPairOptions
  readonly #clock: Clock
  readonly #windowBytes: number
  readonly #web: WebFaces
  #other!: StreamEnd
  #sink: ByteSink | undefined
  /** On the way to this end. */
  readonly #parcels = createFifo<Parcel>()
  #parcelBytes = 0
  /** What is left of the first parcel that was delivered in part. */
  #rest: Uint8Array | undefined
  #lastAt = 0
  #scheduled = false
  #paused = false
  #blocked = false
  #ended = false
  #endSeen = false
  #closed = false

  constructor(direction: 'inbound' | 'outbound', peerId: PeerId, options: StreamPairOptions) {
    this.direction = direction
    this.peerId = peerId
    this.protocol = options.protocol ?? '/test/1.0'
    this.#options = options
    this.#clock = options.clock
    this.#windowBytes = options.windowBytes ?? DEFAULT_WINDOW_BYTES
    this.#web = webFaces(this)
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#web.readable
  }
  get writable(): WritableStream<Uint8Array> {
    return this.#web.writable
  }

  connect(other: StreamEnd): void {
    this.#other = other
  }

  attach(sink: ByteSink): void {
    if (this.#sink !== undefined) throw new Error('the stream has a reader already')
    this.#sink = sink
    this.#schedule()
  }

  send(chunk: Uint8Array): boolean {
    if (this.#ended || this.#closed) return false
    const other = this.#other
    if (chunk.length > 0) other.#arrive(chunk)
    this.#blocked = other.#parcelBytes >= this.#windowBytes
    return !this.#blocked
  }

  end(): void {
    if (this.#ended || this.#closed) return
    this.#ended = true
    this.#other.#arrive(undefined)
    this.#closeWhenDone()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  abort(reason?: unknown): void {
    if (this.#closed) return
    const { delayMs = 0 } = this.#options
    const other = this.#other
    other.#drop()
    this.#clock.after(delayMs, () => other.reset(new Error('the other side reset the stream')))
    this.reset(new Error('the stream was aborted', { cause: reason }))
  }

  /** Closes this end; what was on the way to it is gone. */
  reset(error: Error | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#drop()
    this.#clock.turn(() => this.#sink?.onClose(error))
  }

  #drop(): void {
    this.#parcels.clear()
    this.#parcelBytes = 0
    this.#rest = undefined
  }

  #arrive(bytes: Uint8Array | undefined): void {
    if (this.#closed) return
    const { delayMs = 0, bytesPerSecond } = this.#options
    let at = 0
    if (delayMs > 0 || bytesPerSecond !== undefined) {
      const onWire = bytesPerSecond === undefined ? 0 : ((bytes?.length ?? 0) * MS_PER_SECOND) / bytesPerSecond
      const now = this.#clock.monotonic()
      at = Math.max(this.#lastAt, now + delayMs) + onWire
      this.#lastAt = at
    }
    this.#parcels.push({ bytes, at })
    this.#parcelBytes += bytes?.length ?? 0
    this.#schedule()
  }

  #schedule(): void {
    const next = this.#parcels.first
    if (next === undefined || this.#scheduled || this.#sink === undefined || this.#paused || this.#closed) return
    this.#scheduled = true
    const wait = next.at === 0 ? 0 : next.at - this.#clock.monotonic()
    if (wait > 0) this.#clock.after(wait, this.#onTime)
    else this.#clock.turn(this.#onTime)
  }

  readonly #onTime = (): void => {
    this.#scheduled = false
    this.#deliver()
    this.#schedule()
  }

  /** Hands over what has arrived, until the reader pauses. */
  #deliver(): void {
    const now = this.#clock.monotonic()
    while (!this.#paused && !this.#closed) {
      const next = this.#parcels.first
      if (next === undefined || next.at > now) break
      if (next.bytes === undefined) {
        this.#parcels.shift()
        this.#endSeen = true
        this.#sink?.onEnd()
        this.#closeWhenDone()
        continue
      }
      const available = this.#rest ?? next.bytes
      const size = Math.min(Math.max(1, this.#options.chunk?.(available.length) ?? available.length), available.length)
      if (size === available.length) {
        this.#parcels.shift()
        this.#rest = undefined
      } else this.#rest = available.subarray(size)
      this.#parcelBytes -= size
      this.#sink?.onData(size === available.length ? available : available.subarray(0, size))
    }
    this.#other.#drain(this.#parcelBytes)
  }

  /** The other side has read; so much is still on the way. */
  #drain(onTheWay: number): void {
    if (!this.#blocked || this.#closed || onTheWay > this.#windowBytes / 2) return
    this.#blocked = false
    this.#clock.turn(() => {
      if (!this.#closed) this.#sink?.onDrain()
    })
  }

  #closeWhenDone(): void {
    if (this.#ended && this.#endSeen) this.reset(undefined)
  }
}
