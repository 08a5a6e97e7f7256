import type { Stream, StreamMessageEvent } from '@libp2p/interface'
import type { Duplex, DuplexSink } from './duplex.ts'

const MAX_BATCH_BYTES = 64 * 1024
/** So much may wait in libp2p's buffer of a stream before its writer is stopped. */
const HIGH_WATER_BYTES = 256 * 1024

/**
 * A libp2p stream (yamux, the stock QUIC) as a duplex. libp2p says "closed" in the same way for an end and for some
 * kinds of loss: only what ended at both sides counts as clean here.
 */
export class Libp2pDuplex implements Duplex {
  readonly #stream: Stream
  #closing: ((error: Error | undefined) => void) | undefined
  #sink: DuplexSink | undefined
  #listening = false
  #paused = true
  #starved = false
  /** What came in one piece with a chunk at which the sink paused. */
  #held: Uint8Array[] = []
  #batch: Uint8Array[] = []
  #batched = 0
  /** This side's half and the peer's. `told` means that the sink knows. */
  #outbound: 'open' | 'ending' | 'finished' = 'open'
  #inbound: 'open' | 'ended' | 'told' = 'open'
  #closed: { readonly error: Error | undefined } | undefined

  constructor(stream: Stream) {
    this.#stream = stream
    this.#attempt(() => stream.pause())
    stream.addEventListener('close', (event) => this.#onClose(event.error))
    stream.addEventListener('remoteCloseWrite', () => this.#onFinish())
    stream.addEventListener('drain', this.#onRoom)
    stream.addEventListener('idle', this.#onRoom)
    if (stream.status !== 'open' && stream.status !== 'closing') this.#onClose(new Error(`the stream is ${stream.status}`))
    else if (stream.remoteWriteStatus === 'closed') this.#inbound = 'ended'
  }

  watch(closing: (error: Error | undefined) => void): void {
    if (this.#closed === undefined) this.#closing = closing
    else closing(this.#closed.error)
  }

  attach(sink: DuplexSink): void {
    this.#sink = sink
    this.#onRoom() // for what was sent before
    this.resume()
  }

  send(chunk: Uint8Array): boolean {
    if (this.#closed !== undefined || this.#outbound !== 'open') return false
    if (this.#batch.length === 0) queueMicrotask(() => this.#write())
    this.#batch.push(chunk)
    this.#batched += chunk.byteLength
    if (this.#batched >= MAX_BATCH_BYTES) this.#write()
    return !this.#starved
  }

  end(): void {
    if (this.#closed !== undefined || this.#outbound !== 'open') return
    this.#write()
    this.#outbound = 'ending'
    this.#stream.close().then(
      () => {
        this.#outbound = 'finished'
        this.#flush()
      },
      (error: Error) => this.reset(error),
    )
  }

  pause(): void {
    this.#paused = true
    this.#attempt(() => this.#stream.pause())
  }

  resume(): void {
    this.#paused = false
    queueMicrotask(() => {
      this.#deliver()
      if (this.#paused || this.#sink === undefined) return
      this.#listen()
      this.#attempt(() => this.#stream.resume())
      this.#flush()
    })
  }

  reset(error: Error): void {
    if (this.#closed !== undefined) return
    this.#stream.abort(error)
    this.#onClose(error)
  }

  /** What was sent in one go travels as one: encryption and the muxer have a price per call. */
  #write(): void {
    const chunks = this.#batch
    if (chunks.length === 0 || this.#closed !== undefined) return
    const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, this.#batched)
    this.#batch = []
    this.#batched = 0
    this.#attempt(() => this.#stream.send(bytes))
    if (this.#stream.writeBufferLength >= HIGH_WATER_BYTES) this.#starved = true
    else this.#onRoom() // who was told to wait may have been, while this waited to be written
  }

  /**
   * libp2p says "drain" per connection, also to streams that still have much to send: only their own buffer tells. It
   * does so from within its sending, where more must not be sent: so a little later.
   */
  readonly #onRoom = (): void => {
    if (!this.#starved || this.#sink === undefined) return
    queueMicrotask(() => {
      if (!this.#starved || this.#sink === undefined || this.#stream.writeBufferLength >= HIGH_WATER_BYTES) return
      this.#starved = false
      this.#sink.onDrain()
    })
  }

  #listen(): void {
    if (this.#listening) return
    this.#listening = true
    this.#stream.addEventListener('message', ({ data }: StreamMessageEvent) => {
      // In the pieces in which it came: to join them would be to copy everything once more.
      if (data instanceof Uint8Array) this.#held.push(data)
      else this.#held.push(...data)
      this.#deliver()
      if (this.#inbound === 'ended') queueMicrotask(() => this.#flush())
    })
  }

  #deliver(): void {
    let count = 0
    while (count < this.#held.length && !this.#paused && this.#sink !== undefined) this.#sink.onData(this.#held[count++]!)
    this.#held.splice(0, count)
  }

  #onFinish(): void {
    if (this.#inbound === 'open') this.#inbound = 'ended'
    this.#flush()
  }

  #onClose(error: Error | undefined): void {
    if (this.#closed !== undefined) return
    const clean = error === undefined && this.#inbound !== 'open' && this.#outbound !== 'open'
    this.#closed = { error: clean ? undefined : (error ?? new Error('the connection was lost')) }
    if (!clean) this.#held = []
    this.#closing?.(this.#closed.error)
    this.#flush()
  }

  /** Tells the sink of the end and of the close, behind all data. A failure need not wait for data. */
  #flush(): void {
    const sink = this.#sink
    if (sink === undefined) return
    const failed = this.#closed?.error !== undefined
    if (this.#inbound === 'ended' && !failed && this.#stream.readBufferLength === 0 && this.#held.length === 0) {
      this.#inbound = 'told'
      sink.onEnd()
    }
    if (this.#inbound === 'told' && this.#outbound === 'finished' && this.#closed === undefined) {
      this.#onClose(undefined)
      return
    }
    if (this.#closed === undefined || !(failed || this.#inbound === 'told')) return
    this.#sink = undefined
    sink.onClosed(this.#closed.error)
  }

  /** libp2p throws where a call comes too late; its `close` event tells the rest. */
  #attempt<T>(call: () => T): T | undefined {
    try {
      return call()
    } catch {
      return undefined
    }
  }
}
