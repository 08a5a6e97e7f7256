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

/** So many full-sized slabs are kept to be written again. */
const MAX_SPARE_SLABS = 8

/** Memory for frames, and how many batches of it are still in use. */
class Slab {
  readonly memory: Uint8Array
  readonly #onFree: (slab: Slab) => void
  #lent = 0
  #full = false

  constructor(memory: Uint8Array, onFree: (slab: Slab) => void) {
    this.memory = memory
    this.#onFree = onFree
  }

  lend(from: number, to: number): Batch {
    this.#lent++
    return { bytes: this.memory.subarray(from, to), done: this.#done }
  }

  /** No more is written into it. */
  retire(): void {
    this.#full = true
    if (this.#lent === 0) this.#onFree(this)
  }

  reuse(): this {
    this.#full = false
    return this
  }

  readonly #done = (): void => {
    this.#lent--
    if (this.#lent === 0 && this.#full) this.#onFree(this)
  }
}

/** Whole frames, to be sent as they are. `done` gives the memory back; without it the collector does. */
export interface Batch {
  readonly bytes: Uint8Array
  readonly done: () => void
}

/**
 * Writes frames one behind the other into slabs of memory and hands them out as batches of whole frames. What was
 * handed out is not written again before it is done; the rest of its slab is used for the next batch. Slabs follow the
 * size of the batches, so a quiet link holds little and a busy one goes round a few.
 */
export class FrameWriter {
  readonly #spare: Slab[] = []
  #slab: Slab = new Slab(new Uint8Array(0), () => {})
  /** The batch being written is `#slab[#start, #end)`. */
  #start = 0
  #end = 0
  /** How large slabs are at the moment, and how many batches this one has served. */
  #slabBytes = SMALLEST_SLAB_BYTES
  #served = 0
  /** Full batches, the oldest first. */
  #full: Batch[] = []
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
  take(): Batch | undefined {
    if (this.#full.length === 0) this.#cut()
    return this.takeFull()
  }

  /** The oldest batch that is full. */
  takeFull(): Batch | undefined {
    const batch = this.#full.shift()
    if (batch !== undefined) this.bytes -= batch.bytes.length
    return batch
  }

  /** Forgets what nobody has taken. */
  clear(): void {
    this.#full = []
    this.bytes = 0
    this.#spare.length = 0
    this.#slab = new Slab(new Uint8Array(0), () => {})
    this.#start = 0
    this.#end = 0
  }

  #frame(kind: number, rest: Uint8Array): void {
    const size = rest.length
    let at = this.#end
    if (at + FRAME_HEADER_BYTES + size > this.#slab.memory.length) {
      this.#nextSlab(FRAME_HEADER_BYTES + size)
      at = this.#end
    }
    const slab = this.#slab.memory
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
    const old = this.#slab
    const begun = old.memory.subarray(this.#start, this.#end)
    if (old.memory.length > 0 && this.#served < FEW_BATCHES) this.#slabBytes = Math.min(this.#slabBytes * 4, BATCH_BYTES)
    else if (this.#served > MANY_BATCHES) this.#slabBytes = Math.max(this.#slabBytes / 2, SMALLEST_SLAB_BYTES)
    this.#slab = this.#slabOf(Math.max(this.#slabBytes, begun.length + needed))
    this.#slab.memory.set(begun)
    old.retire()
    this.#served = 0
    this.#start = 0
    this.#end = begun.length
  }

  #slabOf(bytes: number): Slab {
    const spare = bytes === BATCH_BYTES ? this.#spare.pop() : undefined
    if (spare !== undefined) return spare.reuse()
    // not cleared, which would cost a quarter of the writing: only what was written is ever handed out
    return new Slab(new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer), this.#onFree)
  }

  readonly #onFree = (slab: Slab): void => {
    if (slab.memory.length === BATCH_BYTES && this.#spare.length < MAX_SPARE_SLABS) this.#spare.push(slab)
  }

  #cut(): void {
    if (this.#end === this.#start) return
    this.#full.push(this.#slab.lend(this.#start, this.#end))
    this.#start = this.#end
    this.#served++
  }
}
