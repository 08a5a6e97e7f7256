import { MosaikError } from '../check/error.ts'
import { check } from '../check/options.ts'
import type { WaitOptions } from '../async/watch.ts'
import type { PeerId } from '../id/types.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Clock } from '../time/clock.ts'
import { boundedReason } from './close-frame.ts'
import { CloseReasons, type CloseReason } from './close-reason.ts'
import type { ByteStream } from './endpoint.ts'
import { INITIAL_WINDOW_BYTES, MAX_WINDOW_BYTES, MESSAGE_COST_BYTES } from './frame.ts'
import { FrameReader } from './frame-reader.ts'
import { Inbox } from './inbox.ts'
import { MAX_MESSAGE_BYTES, type Link, type LinkOptions } from './link.ts'
import { Outbox } from './outbox.ts'

const DEFAULT_MESSAGE_BYTES = 1024 * 1024
const DEFAULT_WINDOW_BYTES = 1024 * 1024
const DEFAULT_HIGH_WATER_BYTES = 256 * 1024
const DEFAULT_FIRST_MESSAGE_MS = 10_000
const DEFAULT_CLOSE_MS = 2_000
const LONGEST_WAIT_MS = 24 * 60 * 60 * 1000
/** How long a stream may stay after its link has ended, so that the close frame arrives and the other side can hang up. */
const LINGER_MS = 1_000

/** Makes a link of a stream, which it attaches to at once. Throws `ERR_INVALID_OPTION`. */
export function createLink(stream: ByteStream, options: LinkOptions): Link {
  return new StreamLink(stream, options)
}

class StreamLink implements Link {
  readonly peerId: PeerId
  readonly protocol: string
  readonly closed: Promise<CloseReason>
  onReady: (() => void) | undefined
  readonly #stream: ByteStream
  readonly #clock: Clock
  readonly #metrics: Metrics | undefined
  readonly #outbox: Outbox
  readonly #reader: FrameReader
  readonly #inbox: Inbox
  readonly #windowBytes: number
  /** What has been granted at the beginning: the window once the other side has made use of less. */
  #grantedWindow = INITIAL_WINDOW_BYTES
  /** Cost of messages taken and not yet granted again. */
  #taken = 0
  #handler: ((message: Uint8Array) => void) | undefined
  /** Our reason, from `close` until the link has ended. */
  #closing: CloseReason | undefined
  #ended: CloseReason | undefined
  #settle!: (reason: CloseReason) => void
  #cancelFirst: (() => void) | undefined
  #cancelTimer: (() => void) | undefined

  constructor(stream: ByteStream, options: LinkOptions) {
    const maxMessageBytes = check.integer('maxMessageBytes', options.maxMessageBytes, {
      min: 0,
      max: MAX_MESSAGE_BYTES,
      default: DEFAULT_MESSAGE_BYTES,
    })
    this.#windowBytes = check.integer('windowBytes', options.windowBytes, {
      min: INITIAL_WINDOW_BYTES,
      max: MAX_WINDOW_BYTES,
      default: DEFAULT_WINDOW_BYTES,
    })
    const highWaterBytes = check.integer('highWaterBytes', options.highWaterBytes, { min: 1, default: DEFAULT_HIGH_WATER_BYTES })
    const firstMs = check.duration('firstMessageMs', options.firstMessageMs, { max: LONGEST_WAIT_MS, default: DEFAULT_FIRST_MESSAGE_MS })
    this.peerId = stream.peerId
    this.protocol = stream.protocol
    this.#stream = stream
    this.#clock = options.clock
    this.#metrics = options.metrics
    this.closed = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.#outbox = new Outbox(stream, options.clock, highWaterBytes, () => this.#guard(() => this.onReady?.()))
    this.#inbox = new Inbox((message) => {
      this.#taken += message.length + MESSAGE_COST_BYTES
    })
    this.#reader = new FrameReader(
      {
        onMessage: (payload) => this.#onMessage(payload),
        onCredit: (bytes) => {
          if (!this.#outbox.grant(bytes)) this.#violation('more credit than anyone may have')
        },
        onClose: (reason) => this.#onCloseFrame(reason),
      },
      maxMessageBytes,
    )
    if (firstMs > 0) this.#cancelFirst = this.#clock.after(firstMs, () => this.#onSilence(firstMs))
    stream.attach({
      onData: (chunk) => this.#onData(chunk),
      onDrain: () => {
        if (this.#ended === undefined) this.#outbox.drained()
      },
      onEnd: () => this.#onEnd(),
      onClose: (error) => this.#onStreamClose(error),
    })
  }

  get ended(): CloseReason | undefined {
    return this.#ended
  }

  get queuedBytes(): number {
    return this.#outbox.queuedBytes
  }

  send(message: Uint8Array): boolean {
    if (message.length > MAX_MESSAGE_BYTES) {
      throw new MosaikError('ERR_TOO_LARGE', `a message of ${message.length} bytes; a link carries at most ${MAX_MESSAGE_BYTES}`)
    }
    if (this.#closing !== undefined || this.#ended !== undefined) return false
    return this.#outbox.send(message)
  }

  receive({ signal }: WaitOptions = {}): Promise<Uint8Array> {
    if (this.#handler !== undefined) {
      return Promise.reject(new MosaikError('ERR_INVALID_OPTION', 'receive() after onMessage(): the handler takes every message'))
    }
    const message = this.#inbox.take(signal)
    this.#returnCredit()
    return message
  }

  onMessage(handler: (message: Uint8Array) => void): void {
    if (this.#inbox.awaited) throw new MosaikError('ERR_INVALID_OPTION', 'onMessage() while receive() waits for the next message')
    this.#handler = handler
    for (;;) {
      const message = this.#inbox.tryTake()
      if (message === undefined) break
      this.#guard(() => handler(message))
    }
    this.#returnCredit()
  }

  async close(reason: CloseReason, timeoutMs: number = DEFAULT_CLOSE_MS): Promise<void> {
    if (this.#ended === undefined && this.#closing === undefined) {
      // the end without a close frame is what the other side calls by this name
      if (reason.code === CloseReasons.UnexpectedClose.code) this.abort(reason)
      else this.#beginClose(boundedReason(reason), timeoutMs)
    }
    await this.closed
  }

  abort(reason: CloseReason): void {
    if (this.#ended !== undefined) return
    const bounded = this.#closing ?? boundedReason(reason)
    this.#inbox.clear()
    this.#end(bounded)
    if (bounded.code === CloseReasons.UnexpectedClose.code) return this.#stream.abort(endedError(bounded))
    this.#linger() // a reset now could overtake the close frame
    this.#outbox.finishNow(bounded)
  }

  #beginClose(reason: CloseReason, timeoutMs: number): void {
    this.#closing = reason
    this.#cancelFirst?.()
    this.#cancelTimer = this.#clock.after(timeoutMs, () => {
      this.#end(reason)
      this.#stream.abort(endedError(reason))
    })
    this.#inbox.clear()
    this.#returnCredit()
    this.#outbox.finish(reason)
  }

  #onData(chunk: Uint8Array): void {
    if (this.#ended !== undefined) return
    try {
      const violation = this.#reader.push(chunk)
      if (violation !== undefined) this.#violation(violation)
      else this.#returnCredit()
    } catch (error) {
      this.#onThrow(error) // what the handler threw
    }
  }

  #onMessage(payload: Uint8Array): void {
    if (this.#cancelFirst !== undefined) {
      this.#cancelFirst()
      this.#cancelFirst = undefined
    }
    if (this.#handler === undefined && this.#closing === undefined) return this.#inbox.push(payload)
    this.#taken += payload.length + MESSAGE_COST_BYTES
    // credit returns while we close too: what the other side has queued must not keep it from closing
    if (this.#closing === undefined) this.#handler?.(payload)
  }

  /** Grants what was taken, a quarter of the window at a time. The first grant also widens the window to what this side wants. */
  #returnCredit(): void {
    if (this.#taken < this.#grantedWindow / 4 || this.#ended !== undefined || this.#outbox.finished) return
    const bytes = this.#taken + this.#windowBytes - this.#grantedWindow
    this.#grantedWindow = this.#windowBytes
    this.#taken = 0
    this.#reader.grant(bytes)
    this.#outbox.credit(bytes)
  }

  #onCloseFrame(reason: CloseReason): void {
    // When close frames cross, both sides keep the one of the side that opened the stream.
    const crossed = this.#outbox.finished
    this.#end(crossed && this.#stream.direction === 'outbound' && this.#closing !== undefined ? this.#closing : reason)
    this.#linger()
    if (!crossed) this.#stream.end()
  }

  #onEnd(): void {
    if (this.#ended !== undefined) return
    if (this.#closing !== undefined && this.#outbox.finished) return this.#end(this.#closing)
    this.#end(unexpected('the stream ended without a close frame'))
    this.#stream.abort()
  }

  #onStreamClose(error: Error | undefined): void {
    if (this.#ended === undefined) {
      const told = this.#outbox.finished ? this.#closing : undefined
      this.#end(told ?? unexpected(error === undefined ? 'the stream ended without a close frame' : `the stream broke: ${error.message}`))
    }
    this.#cancelTimer?.()
  }

  #onSilence(ms: number): void {
    this.abort({ ...CloseReasons.Timeout, detail: `no message within ${ms} ms` })
  }

  #violation(detail: string): void {
    this.#metrics?.counter('mosaik.links.violations', { protocol: this.protocol }).add()
    this.abort({ ...CloseReasons.ProtocolViolation, detail })
  }

  #guard(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#onThrow(error)
    }
  }

  #onThrow(error: unknown): void {
    this.abort({ ...CloseReasons.ProtocolViolation, detail: error instanceof Error ? error.message : String(error) })
  }

  /** Before anything is done to the stream, which may answer at once. */
  #end(reason: CloseReason): void {
    this.#ended = reason
    this.#cancelFirst?.()
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#reader.stop()
    this.#outbox.drop()
    this.#inbox.end(endedError(reason))
    this.#settle(reason)
  }

  /** The link has ended; the stream may last a little longer, but not as long as the other side likes. */
  #linger(): void {
    this.#cancelTimer = this.#clock.after(LINGER_MS, () => this.#stream.abort())
  }
}

function unexpected(detail: string): CloseReason {
  return boundedReason({ ...CloseReasons.UnexpectedClose, detail })
}

function endedError(reason: CloseReason): MosaikError {
  const detail = reason.detail === undefined ? '' : `: ${reason.detail}`
  return new MosaikError('ERR_CLOSED', `the link has ended: ${reason.name} (${reason.code})${detail}`, { value: reason })
}
