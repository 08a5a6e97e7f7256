import { AbstractStream } from '@libp2p/utils'
import type { AbortOptions, MessageStreamDirection, Logger } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'
import type { DuplexSink } from '../stream/duplex.ts'
import { MAX_WRITE_BYTES } from './limits.ts'
import { Pipe, PipeResetError } from './pipe.ts'
import type { NativeStream } from './native.ts'

interface StreamInit {
  readonly native: NativeStream
  readonly direction: MessageStreamDirection
  readonly log: Logger
  readonly closing: (stream: QuicStream) => void
}

type ReadBuffer = { readonly byteLength: number; slice(): Uint8Array; consume(bytes: number): void }

/**
 * The face that libp2p's own protocols use of a QUIC stream. Mosaik's protocols take the pipe below it once the protocol
 * is negotiated, and so spare libp2p's buffers and events.
 */
export class QuicStream extends AbstractStream {
  readonly #pipe: Pipe
  #taken = false

  constructor(init: StreamInit) {
    super({ id: String(init.native.id()), direction: init.direction, log: init.log, maxMessageSize: MAX_WRITE_BYTES })
    this.#pipe = new Pipe(init.native, () => {
      if (this.#taken) this.status = 'closed'
      init.closing(this)
    })
    this.#pipe.attach(this.#sink())
  }

  /** Hands over the bytes, paused. From now on this face only forwards closes and aborts. */
  takePipe(): Pipe {
    this.#taken = true
    const buffer = (this as unknown as { readBuffer: ReadBuffer }).readBuffer
    this.#pipe.detach(buffer.slice())
    buffer.consume(buffer.byteLength)
    return this.#pipe
  }

  override sendData(data: Uint8ArrayList): { sentBytes: number; canSendMore: boolean } {
    const sentBytes = data.byteLength
    return { sentBytes, canSendMore: this.#pipe.send(data.subarray()) }
  }

  override sendReset(error: Error): void {
    this.#pipe.reset(error)
  }

  override async sendCloseWrite(): Promise<void> {
    this.#pipe.end()
  }

  override async sendCloseRead(): Promise<void> {
    this.#pipe.stopReading()
  }

  override sendPause(): void {
    this.#pipe.pause()
  }

  override sendResume(): void {
    this.#pipe.resume()
  }

  override async close(options?: AbortOptions): Promise<void> {
    if (this.#taken) this.#pipe.end()
    else await super.close(options)
  }

  override abort(error: Error): void {
    if (this.#taken) this.#pipe.reset(error)
    else super.abort(error)
  }

  // Data waits at the peer while nobody listens. The base class adds listeners before the pipe exists.
  override addEventListener(...args: Parameters<AbstractStream['addEventListener']>): void {
    super.addEventListener(...args)
    if (args[0] === 'message' && #pipe in this && this.readStatus !== 'paused') this.#pipe.resume()
  }

  #sink(): DuplexSink {
    return {
      onData: (chunk) => {
        this.onData(chunk)
        if (this.listenerCount('message') === 0) this.#pipe.pause()
      },
      onDrain: () => this.safeDispatchEvent('drain'),
      onEnd: () => this.onRemoteCloseWrite(),
      onClosed: (error) => {
        if (this.status !== 'open' && this.status !== 'closing') return
        if (error === undefined) this.onTransportClosed()
        else if (error instanceof PipeResetError) this.onRemoteReset()
        else super.abort(error)
      },
    }
  }
}
