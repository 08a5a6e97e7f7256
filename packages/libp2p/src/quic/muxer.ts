import { TypedEventEmitter } from '@libp2p/interface'
import type {
  AbortOptions,
  CreateStreamOptions,
  Logger,
  MessageStream,
  MessageStreamDirection,
  StreamMuxer,
  StreamMuxerEvents,
  StreamMuxerStatus,
} from '@libp2p/interface'
import { raceSignal } from 'race-signal'
import type { NativeConnection, NativeStream } from './native.ts'
import { QuicStream } from './stream.ts'

const ignore = (): void => undefined

/** The streams of one QUIC connection. Every one of them closes when the connection does. */
export class QuicMuxer extends TypedEventEmitter<StreamMuxerEvents<QuicStream>> implements StreamMuxer<QuicStream> {
  readonly protocol = 'quic'
  streams: QuicStream[] = []
  status: StreamMuxerStatus = 'open'
  readonly #native: NativeConnection
  readonly #log: Logger
  #accepting = false

  constructor(native: NativeConnection, connection: MessageStream, log: Logger) {
    super()
    this.#native = native
    this.#log = log
    connection.addEventListener('close', (event) => this.abort(event.error ?? new Error('the connection is closed')), { once: true })
  }

  // Streams are taken once somebody listens for them; until then they wait on the native side.
  override addEventListener(...args: Parameters<TypedEventEmitter<StreamMuxerEvents<QuicStream>>['addEventListener']>): void {
    super.addEventListener(...args)
    if (args[0] !== 'stream' || this.#accepting) return
    this.#accepting = true
    this.#accept()
  }

  async createStream(options?: CreateStreamOptions): Promise<QuicStream> {
    options?.signal?.throwIfAborted()
    const opening = this.#native.outboundStream()
    let native: NativeStream
    try {
      native = await raceSignal(opening, options?.signal)
    } catch (error) {
      opening.then(discard, ignore)
      throw error
    }
    if (this.status !== 'open') {
      discard(native)
      throw new Error('the connection closed while a stream was opened')
    }
    return this.#wrap(native, 'outbound')
  }

  async close(options?: AbortOptions): Promise<void> {
    if (this.status !== 'open') return
    this.status = 'closing'
    await Promise.allSettled(this.streams.map((stream) => stream.close(options)))
    this.abort(new Error('the connection is closed'))
  }

  abort(error: Error): void {
    if (this.status === 'closed') return
    this.status = 'closed'
    const streams = this.streams
    this.streams = []
    for (const stream of streams) stream.abort(error)
  }

  #accept(): void {
    this.#native.inboundStream().then((native) => {
      if (this.status !== 'open') {
        discard(native)
        return
      }
      this.safeDispatchEvent('stream', { detail: this.#wrap(native, 'inbound') })
      this.#accept()
    }, ignore) // The connection is gone, and its own `closed` says so.
  }

  #wrap(native: NativeStream, direction: MessageStreamDirection): QuicStream {
    const stream = new QuicStream({
      native,
      direction,
      log: this.#log,
      closing: (closed) => {
        const at = this.streams.indexOf(closed)
        if (at !== -1) this.streams.splice(at, 1)
      },
    })
    this.streams.push(stream)
    return stream
  }
}

function discard(native: NativeStream): void {
  native.resetWrite().catch(ignore)
  native.stopRead().catch(ignore)
}
