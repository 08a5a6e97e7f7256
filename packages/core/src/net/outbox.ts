import type { Clock } from '../time/clock.ts'
import type { CloseReason } from './close-reason.ts'
import type { ByteStream } from './endpoint.ts'
import { createFifo } from '../async/fifo.ts'
import { FRAME_HEADER_BYTES, INITIAL_WINDOW_BYTES, MAX_WINDOW_BYTES, MESSAGE_COST_BYTES } from './frame.ts'
import { BATCH_BYTES, FrameWriter } from './frame-writer.ts'
import type { Batch } from './frame-writer.ts'
import { CHUNK_BYTES } from './link.ts'

/** So much is turned into frames while the stream takes nothing; the rest waits as it is, behind frames that may overtake it. */
const ENCODE_AHEAD_BYTES = 4 * BATCH_BYTES

/**
 * The sending half of a link. A message is written into the batch at once when there is credit for it, and waits
 * otherwise; batches go to the stream when they are full and at the end of the turn.
 */
export class Outbox {
  readonly #stream: ByteStream
  readonly #clock: Clock
  readonly #highWaterBytes: number
  readonly #onReady: () => void
  readonly #writer = new FrameWriter()
  readonly #waiting = createFifo<Uint8Array>()
  #waitingBytes = 0
  /** How much of the first waiting message has been written, as parts. */
  #partsBytes = 0
  /** What the other side lets us send. */
  #credit = INITIAL_WINDOW_BYTES
  /** The stream has asked to wait. */
  #blocked = false
  #scheduled = false
  #readyAwaited = false
  #closeReason: CloseReason | undefined
  #closeWritten = false
  #dropped = false
  #finished = false

  /** `onReady` is called when there is room again after `send` answered false, never from within `send`. */
  constructor(stream: ByteStream, clock: Clock, highWaterBytes: number, onReady: () => void) {
    this.#stream = stream
    this.#clock = clock
    this.#highWaterBytes = highWaterBytes
    this.#onReady = onReady
  }

  get queuedBytes(): number {
    return this.#writer.bytes + this.#waitingBytes
  }

  /** The close frame has been given to the stream, and its end. */
  get finished(): boolean {
    return this.#finished
  }

  /** Queues a message. False: above the high-water mark. */
  send(message: Uint8Array): boolean {
    const size = message.length
    const writer = this.#writer
    if (this.#credit > 0 && this.#waiting.length === 0 && size <= CHUNK_BYTES && writer.bytes < ENCODE_AHEAD_BYTES) {
      this.#credit -= size + MESSAGE_COST_BYTES
      writer.message(message)
    } else {
      this.#waiting.push(message)
      this.#waitingBytes += size + FRAME_HEADER_BYTES
    }
    if (!this.#blocked) {
      if (writer.bytes >= BATCH_BYTES) this.#write(false)
      if (!this.#scheduled) this.#schedule()
    }
    if (this.queuedBytes < this.#highWaterBytes) return true
    this.#readyAwaited = true
    return false
  }

  /** Lets the other side send more. Waits for no credit. */
  credit(bytes: number): void {
    if (this.#closeWritten) return
    this.#writer.credit(bytes)
    this.#schedule()
  }

  /** The other side lets us send more. False when that is more than anyone may be granted. */
  grant(bytes: number): boolean {
    this.#credit += bytes
    if (this.#credit > MAX_WINDOW_BYTES) return false
    if (this.#waiting.length > 0) this.#schedule()
    return true
  }

  /** The stream has room again. */
  drained(): void {
    this.#blocked = false
    this.#flush()
  }

  /** Sends what is queued, then the reason, then the end. Nothing may be sent afterwards. */
  finish(reason: CloseReason): void {
    this.#closeReason = reason
    this.#flush()
  }

  /** Drops what is queued and says the reason at once, whether or not the stream has asked to wait. */
  finishNow(reason: CloseReason): void {
    if (this.#finished) return
    this.drop()
    this.#finished = true
    this.#writer.close(reason)
    const { bytes, done } = this.#writer.take() as Batch
    this.#stream.send(bytes, done)
    this.#stream.end()
  }

  /** Drops what is queued, for good. */
  drop(): void {
    this.#dropped = true
    this.#writer.clear()
    this.#waiting.clear()
    this.#waitingBytes = 0
    this.#readyAwaited = false
  }

  #schedule(): void {
    if (this.#scheduled || this.#blocked) return
    this.#scheduled = true
    this.#clock.turn(this.#onTurn)
  }

  readonly #onTurn = (): void => {
    this.#scheduled = false
    this.#flush()
  }

  #flush(): void {
    this.#write(true)
    if (this.#closeReason !== undefined || !this.#readyAwaited || this.queuedBytes >= this.#highWaterBytes / 2) return
    this.#readyAwaited = false
    this.#onReady()
  }

  /** Gives the stream what it takes: all there is, or full batches only while a turn goes on. */
  #write(all: boolean): void {
    while (!this.#blocked && !this.#dropped) {
      this.#encode()
      const batch = all ? this.#writer.take() : this.#writer.takeFull()
      if (batch === undefined) break
      this.#blocked = true // before the call: a drain may come from within
      if (this.#stream.send(batch.bytes, batch.done)) this.#blocked = false
    }
    if (this.#dropped || this.#finished || !this.#closeWritten || this.#writer.bytes > 0) return
    this.#finished = true
    this.#stream.end()
  }

  /** Writes what waits, as far as credit and one batch go; a long message part by part, so that other frames can come between. */
  #encode(): void {
    while (this.#waiting.length > 0 && this.#writer.bytes < BATCH_BYTES) {
      const message = this.#waiting.first as Uint8Array
      if (this.#partsBytes === 0) {
        if (this.#credit <= 0) return
        this.#credit -= MESSAGE_COST_BYTES
      }
      const piece = message.subarray(this.#partsBytes, this.#partsBytes + CHUNK_BYTES)
      this.#credit -= piece.length
      this.#waitingBytes -= piece.length
      if (this.#partsBytes + piece.length < message.length) {
        this.#writer.part(piece)
        this.#partsBytes += piece.length
        continue
      }
      this.#writer.message(piece)
      this.#waitingBytes -= FRAME_HEADER_BYTES
      this.#waiting.shift()
      this.#partsBytes = 0
    }
    if (this.#closeReason === undefined || this.#closeWritten || this.#waiting.length > 0) return
    this.#writer.close(this.#closeReason)
    this.#closeWritten = true
  }
}
