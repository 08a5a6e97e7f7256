import { MosaikError } from '../../check/error.ts'
import type { PeerId } from '../../id/types.ts'
import type { ByteSink, ByteStream } from '../../net/endpoint.ts'
import { webFaces } from '../../net/web-faces.ts'
import type { WebFaces } from '../../net/web-faces.ts'
import type { Logger } from '../../observe/logger.ts'
import type { Host } from './host.ts'

/** What arrives in the order it was sent. */
export interface Lane {
  /** Arrival of the newest message, microseconds. */
  last: number
}

/** The end of a connection, as its streams see it. */
export interface StreamCarrier {
  readonly host: Host
  readonly logger: Logger
  readonly remotePeer: PeerId
  /** Brings a message to the stream with this id at the other end, if it is still there, in order within its lane. */
  toStream(id: number, message: StreamMessage): void
  forget(id: number): void
}

export interface StreamMessage {
  readonly kind: string
  readonly lane: Lane
  readonly bytes?: Uint8Array
  readonly deliver: (far: SimStream) => void
}

/** What may be under way or unread per direction, as a QUIC stream window would have it. */
export const STREAM_WINDOW_BYTES: number = 256 * 1024
const PIECE_BYTES = 64 * 1024
const HIGH_WATER_BYTES = 64 * 1024
/** A writer that ignores `false` this long is cut off. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024

/** One end of a simulated stream. */
export class SimStream implements ByteStream {
  readonly peerId: PeerId
  readonly protocol: string
  readonly direction: 'inbound' | 'outbound'
  /** Keeps what this end sends in order. */
  readonly lane: Lane = { last: 0 }
  readonly id: number
  readonly #carrier: StreamCarrier
  /** Settles `open`, once the other side has answered. */
  #opening: PromiseWithResolvers<ByteStream> | undefined
  #sink: ByteSink | undefined
  readonly #web: WebFaces = webFaces(this)

  #queue: Uint8Array[] = []
  #queued = 0
  #window = STREAM_WINDOW_BYTES
  #choked = false
  #ending = false
  #endSent = false

  #inbox: Uint8Array[] = []
  #uncredited = 0
  #paused = false
  #flushing = false
  #remoteEnded = false
  #endTold = false

  #closed: { readonly error: Error | undefined } | undefined
  #closeTold = false

  constructor(carrier: StreamCarrier, id: number, protocol: string, direction: 'inbound' | 'outbound') {
    this.#carrier = carrier
    this.id = id
    this.peerId = carrier.remotePeer
    this.protocol = protocol
    this.direction = direction
  }

  get #host(): Host {
    return this.#carrier.host
  }

  /** True when everything given to `send` has left. */
  get isFlushed(): boolean {
    return this.#queue.length === 0 && (!this.#ending || this.#endSent)
  }

  attach(sink: ByteSink): void {
    if (this.#sink !== undefined) throw new MosaikError('ERR_ALREADY_EXISTS', `the ${this.protocol} stream has a reader already`)
    this.#sink = sink
    this.#deliverSoon()
  }

  send(chunk: Uint8Array): boolean {
    if (this.#closed !== undefined || this.#ending) return false
    if (chunk.length > 0) this.#queue.push(chunk)
    this.#queued += chunk.length
    this.#pump()
    if (this.#queued > MAX_QUEUED_BYTES) this.abort(new MosaikError('ERR_TOO_LARGE', `more than ${MAX_QUEUED_BYTES} bytes wait to be sent`))
    if (this.#queued > HIGH_WATER_BYTES) this.#choked = true
    return !this.#choked
  }

  end(): void {
    if (this.#closed !== undefined || this.#ending) return
    this.#ending = true
    this.#pump()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#deliverSoon()
  }

  abort(reason?: unknown): void {
    if (this.#closed !== undefined) return
    // Not in its lane: a reset overtakes data.
    this.#carrier.toStream(this.id, { kind: 'reset', lane: { last: 0 }, deliver: (far) => far.#resetByPeer() })
    this.finish(reason instanceof Error ? reason : new MosaikError('ERR_CLOSED', `the ${this.protocol} stream was aborted here`))
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#web.readable
  }
  get writable(): WritableStream<Uint8Array> {
    return this.#web.writable
  }

  /** Ends this end at once; nothing is sent. */
  finish(error: Error | undefined): void {
    if (this.#closed !== undefined) return
    this.#closed = { error }
    this.#queue = []
    this.#queued = 0
    if (error !== undefined) this.#inbox = []
    this.#carrier.forget(this.id)
    this.#opening?.reject(unreachable(this, error))
    this.#deliverSoon()
  }

  /** Settles when the other side has answered: with this stream, or `ERR_UNREACHABLE`. */
  answered(): Promise<ByteStream> {
    this.#opening = Promise.withResolvers()
    return this.#opening.promise
  }

  /** Tells the dialer that its stream was taken. */
  accepted(): void {
    this.#carrier.toStream(this.id, { kind: 'opened', lane: this.lane, deliver: (far) => far.#opened() })
  }

  #opened(): void {
    this.#opening?.resolve(this)
    this.#opening = undefined
  }

  #resetByPeer(): void {
    this.finish(new MosaikError('ERR_CLOSED', `the ${this.protocol} stream was reset by ${this.peerId}`))
  }

  #receive(chunk: Uint8Array): void {
    if (this.#closed !== undefined) return
    this.#inbox.push(chunk)
    this.#deliver()
  }

  #receiveEnd(): void {
    this.#remoteEnded = true
    this.#deliver()
  }

  #receiveCredit(bytes: number): void {
    this.#window += bytes
    this.#pump()
    if (!this.#choked || this.#queued > HIGH_WATER_BYTES / 2) return
    this.#choked = false
    this.#tell((sink) => sink.onDrain())
  }

  #pump(): void {
    while (this.#queue.length > 0 && this.#window > 0) {
      const chunk = this.#queue[0] as Uint8Array
      const size = Math.min(chunk.length, this.#window, PIECE_BYTES)
      const piece = chunk.slice(0, size) // a copy: nobody at the other side may see what becomes of the original
      if (size === chunk.length) this.#queue.shift()
      else this.#queue[0] = chunk.subarray(size)
      this.#window -= size
      this.#queued -= size
      this.#carrier.toStream(this.id, { kind: 'data', lane: this.lane, bytes: piece, deliver: (far) => far.#receive(piece) })
    }
    if (this.#ending && !this.#endSent && this.#queue.length === 0) {
      this.#endSent = true
      this.#carrier.toStream(this.id, { kind: 'end', lane: this.lane, deliver: (far) => far.#receiveEnd() })
      this.#closeWhenEnded()
    }
  }

  #deliverSoon(): void {
    if (this.#flushing) return
    this.#flushing = true
    this.#host.endOfTurn(() => {
      this.#flushing = false
      this.#deliver()
    })
  }

  /** Tells the sink what it may know now: data, then the end, then the close. */
  #deliver(): void {
    if (this.#sink === undefined) return
    while (this.#inbox.length > 0 && !this.#paused) {
      const chunk = this.#inbox.shift() as Uint8Array
      this.#uncredited += chunk.length
      this.#tell((sink) => this.#handOver(sink, chunk))
    }
    this.#returnCredit()
    if (this.#remoteEnded && !this.#endTold && this.#inbox.length === 0 && this.#closed === undefined) {
      this.#endTold = true
      this.#tell((sink) => sink.onEnd())
      this.#closeWhenEnded()
    }
    if (this.#closed !== undefined && !this.#closeTold) {
      this.#closeTold = true
      const { error } = this.#closed
      this.#tell((sink) => sink.onClose(error))
    }
  }

  /** Where one send ends and the next begins is not the reader's to know: now and then a chunk comes in two. */
  #handOver(sink: ByteSink, chunk: Uint8Array): void {
    const cut = chunk.length > 1 && this.#host.prng.uint32() % 16 === 0 ? 1 + (this.#host.prng.uint32() % (chunk.length - 1)) : 0
    if (cut === 0) return sink.onData(chunk)
    this.#inbox.unshift(chunk.subarray(cut))
    this.#uncredited -= chunk.length - cut
    sink.onData(chunk.subarray(0, cut))
  }

  #returnCredit(): void {
    const bytes = this.#uncredited
    if (bytes < STREAM_WINDOW_BYTES / 2 || this.#closed !== undefined) return
    this.#uncredited = 0
    this.#carrier.toStream(this.id, { kind: 'credit', lane: this.lane, deliver: (far) => far.#receiveCredit(bytes) })
  }

  #closeWhenEnded(): void {
    if (this.#endSent && this.#endTold) this.finish(undefined)
  }

  #tell(call: (sink: ByteSink) => void): void {
    try {
      call(this.#sink as ByteSink)
    } catch (error) {
      this.#carrier.logger.error('the reader of a %s stream threw, the stream is aborted: %o', this.protocol, error)
      this.abort(error)
    }
  }
}

function unreachable(stream: SimStream, cause: unknown): MosaikError {
  const why = cause instanceof Error ? `: ${cause.message}` : ''
  return new MosaikError('ERR_UNREACHABLE', `${stream.peerId} did not take a ${stream.protocol} stream${why}`, { cause })
}
