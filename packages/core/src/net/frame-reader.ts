import type { CloseReason } from './close-reason.ts'
import { decodeClose } from './close-frame.ts'
import {
  FRAME_HEADER_BYTES,
  FrameKind,
  INITIAL_WINDOW_BYTES,
  MAX_CLOSE_DETAIL_BYTES,
  MAX_CLOSE_NAME_BYTES,
  MESSAGE_COST_BYTES,
  MIN_CREDIT_BYTES,
} from './frame.ts'
import { CHUNK_BYTES } from './link.ts'

const EMPTY: Uint8Array<ArrayBuffer> = new Uint8Array(0)
const LENGTH_BYTES = 4
const CREDIT_REST_BYTES = 4
const MAX_CLOSE_REST_BYTES = 5 + MAX_CLOSE_NAME_BYTES + MAX_CLOSE_DETAIL_BYTES
/** Allocated at once for a split frame; beyond it memory only follows what has arrived. */
const FIRST_ALLOCATION_BYTES = 4096

/** What a frame reader has found. */
export interface FrameHandler {
  onMessage(payload: Uint8Array): void
  onCredit(bytes: number): void
  onClose(reason: CloseReason): void
}

/**
 * Cuts a byte stream into frames, whatever the sizes of its chunks. Payloads are views on the chunk where possible;
 * only a frame that was split between chunks is copied, into memory that never exceeds twice what has arrived.
 */
export class FrameReader {
  readonly #handler: FrameHandler
  readonly #maxMessageBytes: number
  /** Largest length of a message frame. */
  readonly #longestFrame: number
  /** What the other side may still send. */
  #credit = INITIAL_WINDOW_BYTES
  #stopped = false
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES)
  #headerBytes = 0
  /** Kind of the frame whose rest is being collected. */
  #kind = 0
  /** Bytes of it that are missing. */
  #missing = 0
  #split: Uint8Array = EMPTY
  #splitBytes = 0
  #parts: Uint8Array[] = []
  #partsBytes = 0

  constructor(handler: FrameHandler, maxMessageBytes: number) {
    this.#handler = handler
    this.#maxMessageBytes = maxMessageBytes
    this.#longestFrame = Math.min(maxMessageBytes, CHUNK_BYTES) + 1
  }

  /** The other side may send so much more. */
  grant(bytes: number): void {
    this.#credit += bytes
  }

  /** Nothing will be reported any more, not even of the chunk being read; what was collected is dropped. */
  stop(): void {
    this.#stopped = true
    this.#split = EMPTY
    this.#parts = []
  }

  /** Reads the next chunk. Answers what the other side did wrong, after which the reader must not be used. */
  push(chunk: Uint8Array): string | undefined {
    const end = chunk.length
    let at = 0
    while (at < end && !this.#stopped) {
      let violation: string | undefined
      if (this.#missing === 0 && this.#headerBytes === 0 && this.#partsBytes === 0) {
        at = this.#messages(chunk, at)
        if (at === end || this.#stopped) break
      }
      if (this.#missing > 0) {
        const take = Math.min(this.#missing, end - at)
        violation = this.#collect(chunk, at, at + take)
        at += take
      } else if (this.#headerBytes > 0 || end - at < FRAME_HEADER_BYTES) {
        const take = Math.min(FRAME_HEADER_BYTES - this.#headerBytes, end - at)
        this.#header.set(chunk.subarray(at, at + take), this.#headerBytes)
        this.#headerBytes += take
        at += take
        if (this.#headerBytes === FRAME_HEADER_BYTES) {
          this.#headerBytes = 0
          violation = this.#begin(this.#header, 0)
          if (violation === undefined && this.#missing === 0) violation = this.#frame(EMPTY)
        }
      } else {
        violation = this.#begin(chunk, at)
        at += FRAME_HEADER_BYTES
        const rest = this.#missing
        if (violation === undefined && end - at >= rest) {
          this.#missing = 0
          violation = this.#frame(new Uint8Array(chunk.buffer, chunk.byteOffset + at, rest))
          at += rest
        }
      }
      if (violation !== undefined) return violation
    }
    return undefined
  }

  /** The common case, kept short: whole messages, one behind the other. Answers where it stopped; all else is for `push`. */
  #messages(chunk: Uint8Array, from: number): number {
    const { buffer, byteOffset, length: end } = chunk
    const longest = this.#longestFrame
    let at = from
    while (end - at >= FRAME_HEADER_BYTES && chunk[at + 4] === FrameKind.Message && this.#credit > 0 && !this.#stopped) {
      const length = lengthAt(chunk, at)
      const next = at + LENGTH_BYTES + length
      if (length === 0 || length > longest || next > end) break
      this.#credit -= length - 1 + MESSAGE_COST_BYTES
      this.#handler.onMessage(new Uint8Array(buffer, byteOffset + at + FRAME_HEADER_BYTES, length - 1))
      at = next
    }
    return at
  }

  /** Takes a header: kind and length are checked before a byte of the rest is taken in. */
  #begin(bytes: Uint8Array, at: number): string | undefined {
    const length = lengthAt(bytes, at)
    if (length === 0) return 'an empty frame'
    const kind = bytes[at + 4] as number
    const rest = length - 1
    this.#kind = kind
    this.#missing = rest
    if (kind === FrameKind.Message || kind === FrameKind.Part) return this.#charge(kind, rest)
    if (kind === FrameKind.Credit) return rest === CREDIT_REST_BYTES ? undefined : `a credit frame of ${length} bytes`
    if (kind === FrameKind.Close) return rest <= MAX_CLOSE_REST_BYTES ? undefined : `a close frame of ${length} bytes`
    return `unknown frame kind ${kind}`
  }

  #charge(kind: number, payload: number): string | undefined {
    if (payload > CHUNK_BYTES) return `a frame of ${payload} bytes: messages above ${CHUNK_BYTES} travel in parts`
    if (this.#partsBytes + payload > this.#maxMessageBytes) return `a message above ${this.#maxMessageBytes} bytes`
    if (this.#partsBytes === 0) {
      if (this.#credit <= 0) return 'a message without credit for it'
      this.#credit -= MESSAGE_COST_BYTES
    } else if (payload === 0) return 'a message with an empty last part'
    if (kind === FrameKind.Part && payload !== CHUNK_BYTES) return `a part of ${payload} bytes instead of ${CHUNK_BYTES}`
    this.#credit -= payload
    return undefined
  }

  #collect(chunk: Uint8Array, from: number, to: number): string | undefined {
    const bytes = to - from
    const needed = this.#splitBytes + bytes
    if (needed > this.#split.length) {
      const grown = new Uint8Array(Math.min(this.#splitBytes + this.#missing, Math.max(needed * 2, FIRST_ALLOCATION_BYTES)))
      grown.set(this.#split.subarray(0, this.#splitBytes))
      this.#split = grown
    }
    this.#split.set(chunk.subarray(from, to), this.#splitBytes)
    this.#splitBytes = needed
    this.#missing -= bytes
    if (this.#missing > 0) return undefined
    const rest = this.#split.subarray(0, needed)
    this.#split = EMPTY
    this.#splitBytes = 0
    return this.#frame(rest)
  }

  /** A frame is complete. */
  #frame(rest: Uint8Array): string | undefined {
    if (this.#kind === FrameKind.Message) {
      this.#handler.onMessage(this.#partsBytes === 0 ? rest : this.#assemble(rest))
      return undefined
    }
    if (this.#kind === FrameKind.Part) {
      this.#parts.push(rest)
      this.#partsBytes += rest.length
      return undefined
    }
    if (this.#kind === FrameKind.Credit) {
      const bytes = new DataView(rest.buffer, rest.byteOffset).getUint32(0)
      if (bytes < MIN_CREDIT_BYTES) return `a credit of ${bytes} bytes`
      this.#handler.onCredit(bytes)
      return undefined
    }
    const reason = decodeClose(rest)
    if (typeof reason === 'string') return reason
    this.#handler.onClose(reason)
    return undefined
  }

  #assemble(last: Uint8Array): Uint8Array {
    const message = new Uint8Array(this.#partsBytes + last.length)
    let at = 0
    for (const part of this.#parts) {
      message.set(part, at)
      at += part.length
    }
    message.set(last, at)
    this.#parts = []
    this.#partsBytes = 0
    return message
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)) >>> 0
  )
}
