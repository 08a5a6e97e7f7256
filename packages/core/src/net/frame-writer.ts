import type { CloseReason } from './close-reason.ts'
import { encodeClose } from './close-frame.ts'
import { FRAME_HEADER_BYTES, FrameKind } from './frame.ts'

/** Frames are gathered into batches of about this size. */
export const BATCH_BYTES: number = 64 * 1024
const SMALLEST_SLAB_BYTES = 1024
/** A batch smaller than this moves to the next slab with what does not fit; a larger one is done. */
const SMALL_BATCH_BYTES = BATCH_BYTES / 4
/** A slab that served fewer batches was too small. */
const FEW_BATCHES = 8
/** A slab that served more batches was too large. */
const MANY_BATCHES = 64

/**
 * Writes frames one behind the other into slabs of memory and hands them out as batches of whole frames. What was
 * handed out is never written again; the rest of its slab is used for the next batch. Slabs follow the size of the
 * batches, so a quiet link holds little and a busy one makes few.
 */
export class FrameWriter {
  #slab: Uint8Array = new Uint8Array(0)
  /** The batch being written is `#slab[#start, #end)`. */
  #start = 0
  #end = 0
  /** How large slabs are at the moment, and how many batches this one has served. */
  #slabBytes = SMALLEST_SLAB_BYTES
  #served = 0
  /** Full batches, the oldest first. */
  #full: Uint8Array[] = []
  /** Written and not yet taken. Only read it. */
  bytes = 0

  message(payload: Uint8Array): void {
    this.#frame(FrameKind.Message, payload)
  }

  part(payload: Uint8Array): void {
    this.#frame(FrameKind.Part, payload)
  }

  credit(bytes: number): void {
    const rest = new Uint8Array(4)
    new DataView(rest.buffer).setUint32(0, bytes)
    this.#frame(FrameKind.Credit, rest)
  }

  close(reason: CloseReason): void {
    this.#frame(FrameKind.Close, encodeClose(reason))
  }

  /** The oldest batch that is full, or else what there is. */
  take(): Uint8Array | undefined {
    if (this.#full.length === 0) this.#cut()
    return this.takeFull()
  }

  /** The oldest batch that is full. */
  takeFull(): Uint8Array | undefined {
    const batch = this.#full.shift()
    if (batch !== undefined) this.bytes -= batch.length
    return batch
  }

  /** Forgets what nobody has taken. */
  clear(): void {
    this.#full = []
    this.bytes = 0
    this.#slab = new Uint8Array(0)
    this.#start = 0
    this.#end = 0
  }

  #frame(kind: number, rest: Uint8Array): void {
    const size = rest.length
    let at = this.#end
    if (at + FRAME_HEADER_BYTES + size > this.#slab.length) {
      this.#nextSlab(FRAME_HEADER_BYTES + size)
      at = this.#end
    }
    const slab = this.#slab
    const length = size + 1
    slab[at] = length >>> 24
    slab[at + 1] = length >>> 16
    slab[at + 2] = length >>> 8
    slab[at + 3] = length
    slab[at + 4] = kind
    slab.set(rest, at + FRAME_HEADER_BYTES)
    this.#end = at + FRAME_HEADER_BYTES + size
    this.bytes += FRAME_HEADER_BYTES + size
    if (this.#end === slab.length) this.#cut()
  }

  #nextSlab(needed: number): void {
    if (this.#end - this.#start >= SMALL_BATCH_BYTES) this.#cut()
    const begun = this.#slab.subarray(this.#start, this.#end)
    if (this.#slab.length > 0 && this.#served < FEW_BATCHES) this.#slabBytes = Math.min(this.#slabBytes * 4, BATCH_BYTES)
    else if (this.#served > MANY_BATCHES) this.#slabBytes = Math.max(this.#slabBytes / 2, SMALLEST_SLAB_BYTES)
    // not cleared, which would cost a quarter of the writing: only what was written is ever handed out
    this.#slab = new Uint8Array(Buffer.allocUnsafeSlow(Math.max(this.#slabBytes, begun.length + needed)).buffer)
    this.#slab.set(begun)
    this.#served = 0
    this.#start = 0
    this.#end = begun.length
  }

  #cut(): void {
    if (this.#end === this.#start) return
    this.#full.push(this.#slab.subarray(this.#start, this.#end))
    this.#start = this.#end
    this.#served++
  }
}
