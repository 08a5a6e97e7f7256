import { MosaikError, webFaces } from '@mosaik/core'
import type { ByteSink, ByteStream, Counter, PeerId } from '@mosaik/core'
import type { Duplex } from './duplex.ts'

export interface ByteStreamInit {
  readonly peerId: PeerId
  readonly protocol: string
  readonly direction: 'inbound' | 'outbound'
  readonly duplex: Duplex
  readonly ingress: Counter
  readonly egress: Counter
  /** Called when the reader has been told that the peer finished its half. */
  readonly onEnd: () => void
  /** Called with what a reader has thrown. */
  readonly onBug: (error: unknown) => void
}

/** A stream as the endpoint sees it. */
export interface OpenStream extends ByteStream {
  /** True once someone reads it. */
  readonly attached: boolean
  /** True once its reader knows that the peer finished its half. */
  readonly ended: boolean
}

export function createByteStream(init: ByteStreamInit): OpenStream {
  return new DuplexByteStream(init)
}

class DuplexByteStream implements OpenStream {
  readonly peerId: PeerId
  readonly protocol: string
  readonly direction: 'inbound' | 'outbound'
  readonly #init: ByteStreamInit
  readonly #faces: { readonly readable: ReadableStream<Uint8Array>; readonly writable: WritableStream<Uint8Array> }
  #sending = true
  attached = false
  ended = false

  constructor(init: ByteStreamInit) {
    this.#init = init
    this.peerId = init.peerId
    this.protocol = init.protocol
    this.direction = init.direction
    this.#faces = webFaces(this)
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#faces.readable
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#faces.writable
  }

  attach(sink: ByteSink): void {
    if (this.attached) throw new MosaikError('ERR_ALREADY_EXISTS', `the stream for ${this.protocol} has a reader already`)
    this.attached = true
    const { duplex, ingress, onEnd } = this.#init
    duplex.attach({
      onData: (chunk) => {
        ingress.add(chunk.byteLength)
        this.#tell(() => sink.onData(chunk))
      },
      onDrain: () => this.#tell(() => sink.onDrain()),
      onEnd: () => {
        this.ended = true
        this.#tell(() => sink.onEnd())
        onEnd()
      },
      onClosed: (error) => this.#tell(() => sink.onClose(error)),
    })
    duplex.resume()
  }

  /** A reader that throws, though it must not, ends its stream and nothing else. */
  #tell(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#init.onBug(error)
      this.abort(error)
    }
  }

  send(chunk: Uint8Array, done?: () => void): boolean {
    if (this.#sending) this.#init.egress.add(chunk.byteLength)
    return this.#init.duplex.send(chunk, done)
  }

  end(): void {
    this.#sending = false
    this.#init.duplex.end()
  }

  pause(): void {
    this.#init.duplex.pause()
  }

  resume(): void {
    this.#init.duplex.resume()
  }

  abort(reason?: unknown): void {
    this.#sending = false
    const detail = reason === undefined ? '' : `: ${String(reason)}`
    this.#init.duplex.reset(reason instanceof Error ? reason : new MosaikError('ERR_CLOSED', `the stream was aborted${detail}`))
  }
}
