import type { Index } from './types.ts'

/** What the first frames to a follower may have: little, since the way to it may be slow, and more with every prompt answer. */
const FIRST_BYTES = 16 * 1024

/** What bounds the frames that are on their way to one follower. */
export interface Window {
  readonly frames: number
  /** Of all frames on their way, once the follower has shown that it keeps up. */
  readonly bytes: number
  /** An answer within this time, ms, is prompt. */
  readonly promptMs: number
}

/**
 * Frames on their way to one follower, oldest first, in a ring. How many bytes they may have follows what the way carries: it doubles
 * with every prompt answer and halves with every late one, so that a slow link never holds so much that heartbeats come too late.
 */
export class InFlight {
  readonly #window: Window
  readonly #lasts: number[]
  readonly #sizes: number[]
  readonly #times: number[]
  #start = 0
  #count = 0
  #bytes = 0
  #allowed: number

  constructor(window: Window) {
    this.#window = window
    this.#allowed = Math.min(FIRST_BYTES, window.bytes)
    this.#lasts = new Array<number>(window.frames).fill(0)
    this.#sizes = new Array<number>(window.frames).fill(0)
    this.#times = new Array<number>(window.frames).fill(0)
  }

  get count(): number {
    return this.#count
  }

  get isFull(): boolean {
    return this.#count === this.#lasts.length || (this.#count > 0 && this.#bytes >= this.#allowed)
  }

  /** What the next frame may have. One entry that has more goes alone. */
  get room(): number {
    return Math.max(0, this.#allowed - this.#bytes)
  }

  add(last: Index, bytes: number, now: number): void {
    const at = (this.#start + this.#count) % this.#lasts.length
    this.#lasts[at] = last
    this.#sizes[at] = bytes
    this.#times[at] = now
    this.#count++
    this.#bytes += bytes
  }

  /** Everything up to `index` has arrived. */
  acknowledge(index: Index, now: number): void {
    while (this.#count > 0 && (this.#lasts[this.#start] as number) <= index) {
      const took = now - (this.#times[this.#start] as number)
      const { bytes, promptMs } = this.#window
      if (took <= promptMs) this.#allowed = Math.min(bytes, 2 * this.#allowed)
      else if (took > 2 * promptMs) this.#allowed = Math.max(1, this.#allowed / 2)
      this.#drop()
    }
  }

  /** The oldest frame may be lost: room for another. */
  forgetOldest(): void {
    if (this.#count > 0) this.#drop()
  }

  clear(): void {
    this.#start = 0
    this.#count = 0
    this.#bytes = 0
  }

  #drop(): void {
    this.#bytes -= this.#sizes[this.#start] as number
    this.#start = (this.#start + 1) % this.#lasts.length
    this.#count--
  }
}
