import type { CloseReason } from './close-reason.ts'
import { encodeClose } from './close-frame.ts'
import { FRAME_HEADER_BYTES, FrameKind } from './frame.ts'

/** Frames are gathered into batches of about this size. */
export const BATCH_BYTES: number = 64 * 1024
const SMALLEST_SLAB_BYTES = 1024
const SLAB_GROWTH = 4

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
  /** Earlier batches that nobody has taken yet. */
  #batches: Uint8Array[] = []
  #batchesBytes = 0

  /** Written and not yet taken. */
  get bytes(): number {
    return this.#batchesBytes + this.#end - this.#start
  }

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

  /** The oldest batch. */
  take(): Uint8Array | undefined {
    const earlier = this.#batches.shift()
    if (earlier !== undefined) {
      this.#batchesBytes -= earlier.length
      return earlier
    }
    if (this.#end === this.#start) return undefined
    const batch = this.#slab.subarray(this.#start, this.#end)
    this.#start = this.#end
    return batch
  }

  /** Forgets what nobody has taken. */
  clear(): void {
    this.#batches = []
    this.#batchesBytes = 0
    this.#slab = new Uint8Array(0)
    this.#start = 0
    this.#end = 0
  }

  #frame(kind: number, rest: Uint8Array): void {
    const size = rest.length
    if (this.#end + FRAME_HEADER_BYTES + size > this.#slab.length) this.#nextSlab(FRAME_HEADER_BYTES + size)
    const slab = this.#slab
    const at = this.#end
    const length = size + 1
    slab[at] = length >>> 24
    slab[at + 1] = length >>> 16
    slab[at + 2] = length >>> 8
    slab[at + 3] = length
    slab[at + 4] = kind
    slab.set(rest, at + FRAME_HEADER_BYTES)
    this.#end = at + FRAME_HEADER_BYTES + size
  }

  #nextSlab(needed: number): void {
    const batchBytes = this.#end - this.#start
    if (batchBytes > 0) {
      this.#batches.push(this.#slab.subarray(this.#start, this.#end))
      this.#batchesBytes += batchBytes
    }
    const wanted = Math.min(BATCH_BYTES, Math.max(SMALLEST_SLAB_BYTES, batchBytes * SLAB_GROWTH))
    this.#slab = new Uint8Array(Math.max(wanted, needed))
    this.#start = 0
    this.#end = 0
  }
}
