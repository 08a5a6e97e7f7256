import type { Duplex, DuplexSink } from '../stream/duplex.ts'
import type { NativeStream } from './native.ts'
import { MAX_JOINED_BYTES, MAX_WRITE_BYTES, MIN_READ_BYTES, nextReadSize } from './limits.ts'

/** The peer reset the stream, or told us to stop sending. */
export class PipeResetError extends Error {
  override readonly name = 'PipeResetError'
  constructor() {
    super('the peer reset the stream')
  }
}

const ignore = (): void => undefined

/**
 * Bytes over one native QUIC stream, without libp2p: one read and one write in flight at most. A pipe that is paused, or that
 * nobody has attached to, holds the one chunk that was on its way; the rest waits at the peer by QUIC's flow control.
 */
export class Pipe implements Duplex {
  readonly #native: NativeStream
  readonly #closing: ((error: Error | undefined) => void)[]
  #sink: DuplexSink | undefined
  #readSize = MIN_READ_BYTES
  #reading = false
  #paused = false
  #held: Uint8Array[] = []
  #inbound: 'open' | 'ended' | 'told' | 'stopped' = 'open'
  readonly #queue: Uint8Array[] = []
  /** For each queued chunk, what to call when it is not needed any more. */
  readonly #dones: ((() => void) | undefined)[] = []
  /** The same for the native write under way. */
  #writingDone: (() => void) | undefined
  #queued = 0
  #writing = false
  #starved = false
  #outbound: 'open' | 'ending' | 'finished' = 'open'
  #closed = false
  #error: Error | undefined

  /** `closing` hears of the end first, before the sink. */
  constructor(native: NativeStream, closing: (error: Error | undefined) => void) {
    this.#native = native
    this.#closing = [closing]
    this.#read()
  }

  watch(closing: (error: Error | undefined) => void): void {
    if (this.#closed) closing(this.#error)
    else this.#closing.push(closing)
  }

  /** Replaces the sink before, if there was one. */
  attach(sink: DuplexSink): void {
    this.#sink = sink
    queueMicrotask(() => {
      if (this.#sink === sink) this.#flush()
    })
  }

  /** Takes the pipe back from its sink, with bytes that the sink was given too early. The next sink is told all of it. */
  detach(unread: Uint8Array): void {
    this.#sink = undefined
    this.#paused = true
    if (unread.byteLength > 0) this.#held.unshift(unread)
    if (this.#inbound === 'told') this.#inbound = 'ended'
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    queueMicrotask(() => this.#flush())
  }

  /** False: `onDrain` follows when there is room. Ignored once ending or closed. */
  send(chunk: Uint8Array, done?: () => void): boolean {
    if (this.#closed || this.#outbound !== 'open') return false
    if (chunk.byteLength > 0) {
      this.#queue.push(chunk)
      this.#dones.push(done)
      this.#queued += chunk.byteLength
      if (!this.#writing) this.#write()
    }
    if (this.#queued < MAX_WRITE_BYTES) return true
    this.#starved = true
    return false
  }

  /** Finishes this side's half behind what is queued. */
  end(): void {
    if (this.#closed || this.#outbound !== 'open') return
    this.#outbound = 'ending'
    if (!this.#writing) this.#finish()
  }

  /** Asks the peer to send no more and drops what comes. */
  stopReading(): void {
    if (this.#closed || this.#inbound !== 'open') return
    this.#held.length = 0
    this.#inbound = 'stopped'
    this.#native.stopRead().catch(ignore)
    this.#settle()
  }

  /** Ends both halves at once; the peer sees a reset. */
  reset(error: Error): void {
    if (this.#closed) return
    this.#native.resetWrite().catch(ignore)
    this.#native.stopRead().catch(ignore)
    this.#close(error)
  }

  #read(): void {
    if (this.#reading || this.#closed || this.#inbound !== 'open' || this.#held.length > 0) return
    this.#reading = true
    this.#native.read(this.#readSize).then(this.#arrived, this.#readFailed)
  }

  readonly #arrived = (chunk: Uint8Array | null): void => {
    this.#reading = false
    if (this.#closed || this.#inbound !== 'open') return
    if (chunk === null) {
      this.#inbound = 'ended'
      this.#flush()
      return
    }
    const size = this.#readSize
    this.#readSize = nextReadSize(size, chunk.byteLength)
    // The chunk stands on memory of the read's whole size: a small one must not keep all of it alive.
    const kept = chunk.byteLength < size >> 2 ? chunk.slice() : chunk
    if (this.#sink === undefined || this.#paused || this.#held.length > 0) {
      this.#held.push(kept)
      return
    }
    this.#sink.onData(kept)
    this.#read()
  }

  readonly #readFailed = (error: Error): void => {
    this.#reading = false
    if (this.#closed || this.#inbound !== 'open') return
    if (!/reset by peer/.test(error.message)) {
      this.#close(error)
      return
    }
    this.#native.resetWrite().catch(ignore)
    this.#close(new PipeResetError())
  }

  /** Tells the sink, in order, what it may hear now. */
  #flush(): void {
    const sink = this.#sink
    if (sink === undefined) return
    if (this.#closed) {
      this.#tellClosed()
      return
    }
    while (this.#held.length > 0 && !this.#paused && this.#sink === sink) sink.onData(this.#held.shift()!)
    if (this.#sink !== sink) return
    if (this.#inbound === 'ended' && this.#held.length === 0) {
      this.#inbound = 'told'
      sink.onEnd()
      this.#settle()
    }
    this.#read()
  }

  #write(): void {
    const chunk = this.#take()
    this.#writing = true
    this.#native.write(chunk).then(this.#wrote, this.#writeFailed)
  }

  /** The next native write: one queued chunk as it is, or several copied together. */
  #take(): Uint8Array {
    const first = this.#queue[0]!
    if (first.byteLength > MAX_WRITE_BYTES) {
      this.#queue[0] = first.subarray(MAX_WRITE_BYTES)
      this.#queued -= MAX_WRITE_BYTES
      return first.subarray(0, MAX_WRITE_BYTES)
    }
    let count = 1
    let bytes = first.byteLength
    while (count < this.#queue.length && bytes + this.#queue[count]!.byteLength <= MAX_JOINED_BYTES)
      bytes += this.#queue[count++]!.byteLength
    this.#queued -= bytes
    if (count === 1) {
      this.#writingDone = this.#dones.shift()
      return this.#queue.shift()!
    }
    const joined = Buffer.concat(this.#queue.splice(0, count), bytes)
    for (const done of this.#dones.splice(0, count)) done?.()
    return joined
  }

  readonly #wrote = (): void => {
    this.#writing = false
    this.#writingDone?.()
    this.#writingDone = undefined
    if (this.#closed) return
    if (this.#queue.length > 0) this.#write()
    else if (this.#outbound === 'ending') this.#finish()
    if (this.#starved && this.#queued < MAX_WRITE_BYTES) {
      this.#starved = false
      this.#sink?.onDrain()
    }
  }

  readonly #writeFailed = (error: Error): void => {
    this.#writing = false
    if (this.#closed) return
    if (!/stopped by peer/.test(error.message)) {
      this.#close(error)
      return
    }
    this.#native.resetWrite().catch(ignore)
    this.#native.stopRead().catch(ignore)
    this.#close(new PipeResetError())
  }

  #finish(): void {
    this.#native.finishWrite().then(
      () => {
        this.#outbound = 'finished'
        this.#settle()
      },
      (error: Error) => this.#writeFailed(error),
    )
  }

  #settle(): void {
    if (this.#outbound === 'finished' && (this.#inbound === 'told' || this.#inbound === 'stopped')) this.#close(undefined)
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#error = error
    this.#held.length = 0
    this.#queue.length = 0
    this.#dones.length = 0
    this.#queued = 0
    for (const closing of this.#closing) closing(error)
    this.#tellClosed()
  }

  #tellClosed(): void {
    const sink = this.#sink
    if (!this.#closed || sink === undefined) return
    this.#sink = undefined
    sink.onClosed(this.#error)
  }
}
