import { webFaces } from '@mosaik/core'
import type { ByteSink, ByteStream, Clock, PeerId, WebFaces } from '@mosaik/core'
import { PROTOCOL } from '../wire/protocol.ts'

/** Bytes on the way at which `send` answers false. */
const HIGH_WATER_BYTES = 256 * 1024

/**
 * Both ends of a byte stream from this node to itself. Bytes arrive in a later turn, like everyone's: a producer and
 * a consumer that feed each other cannot keep the event loop to themselves.
 */
export function localPair(self: PeerId, clock: Clock): { readonly dialer: ByteStream; readonly acceptor: ByteStream } {
  const dialer = new LocalStream(self, 'outbound', clock)
  const acceptor = new LocalStream(self, 'inbound', clock)
  dialer.other = acceptor
  acceptor.other = dialer
  return { dialer, acceptor }
}

class LocalStream implements ByteStream {
  readonly peerId: PeerId
  readonly protocol: string = PROTOCOL
  readonly direction: 'inbound' | 'outbound'
  other!: LocalStream
  readonly #clock: Clock
  readonly #web: WebFaces
  #sink: ByteSink | undefined
  /** On the way to this end. */
  #chunks: Uint8Array[] = []
  #bytes = 0
  #scheduled = false
  #paused = false
  /** The other end has said that no more will come. */
  #endAnnounced = false
  #endSeen = false
  #ended = false
  #blocked = false
  #closed = false

  constructor(peerId: PeerId, direction: 'inbound' | 'outbound', clock: Clock) {
    this.peerId = peerId
    this.direction = direction
    this.#clock = clock
    this.#web = webFaces(this)
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#web.readable
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#web.writable
  }

  attach(sink: ByteSink): void {
    this.#sink = sink
    this.#schedule()
  }

  send(chunk: Uint8Array): boolean {
    if (this.#ended || this.#closed) return false
    this.other.#chunks.push(chunk)
    this.other.#bytes += chunk.length
    this.other.#schedule()
    this.#blocked = this.other.#bytes >= HIGH_WATER_BYTES
    return !this.#blocked
  }

  end(): void {
    if (this.#ended || this.#closed) return
    this.#ended = true
    this.other.#endAnnounced = true
    this.other.#schedule()
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
    const error = new Error('the stream was aborted', { cause: reason })
    this.#close(error)
    this.other.#close(error)
  }

  #schedule(): void {
    if (this.#scheduled || this.#paused || this.#closed || this.#sink === undefined) return
    if (this.#chunks.length === 0 && !this.#endAnnounced) return
    this.#scheduled = true
    this.#clock.turn(() => this.#deliver())
  }

  #deliver(): void {
    this.#scheduled = false
    const chunks = this.#chunks
    this.#chunks = []
    while (chunks.length > 0 && !this.#paused && !this.#closed) {
      const chunk = chunks.shift() as Uint8Array
      this.#bytes -= chunk.length
      this.#sink?.onData(chunk)
    }
    if (this.#closed) return
    if (chunks.length > 0) this.#chunks = [...chunks, ...this.#chunks]
    else if (this.#chunks.length > 0) this.#schedule()
    else if (this.#endAnnounced && !this.#endSeen) {
      this.#endSeen = true
      this.#sink?.onEnd()
      this.#closeWhenDone()
    }
    this.other.#drain()
  }

  /** The other end has read. */
  #drain(): void {
    if (!this.#blocked || this.#closed || this.other.#bytes > HIGH_WATER_BYTES / 2) return
    this.#blocked = false
    this.#sink?.onDrain()
  }

  #closeWhenDone(): void {
    if (this.#ended && this.#endSeen) this.#close(undefined)
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#chunks = []
    this.#clock.turn(() => this.#sink?.onClose(error))
  }
}
