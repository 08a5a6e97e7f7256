import type { Index } from './types.ts'

/**
 * How a follower is fed: `probe` sends one frame and waits for its fate, `replicate` keeps a window of frames in flight,
 * `snapshot` waits until the follower has what the log no longer has.
 */
export type Feeding = 'probe' | 'replicate' | 'snapshot'

/** What the leader knows of one follower's log. Always `match < next`. */
export class Progress {
  feeding: Feeding = 'probe'
  /** Known to be durable there and the same as here. */
  match: Index = 0
  /** The next entry to send. */
  next: Index
  /** Last told about the commit. */
  commitSent: Index = 0
  /** What the snapshot on its way has. */
  snapshotIndex: Index = 0
  /** What it had when it last answered a heartbeat. */
  matchAtHeartbeat: Index = -1
  resumedAt: number = -Infinity
  /** Last index of each frame in flight, oldest first, in a ring. */
  readonly #inFlight: number[]
  #start = 0
  #count = 0
  #probed = false

  constructor(next: Index, window: number) {
    this.next = next
    this.#inFlight = new Array<number>(window).fill(0)
  }

  get inFlight(): number {
    return this.#count
  }

  /** Whether nothing may be sent before an answer. */
  get isPaused(): boolean {
    if (this.feeding === 'replicate') return this.#count === this.#inFlight.length
    return this.feeding === 'snapshot' || this.#probed
  }

  /** A frame that ends at `last` has been sent. */
  sent(last: Index): void {
    if (this.feeding === 'replicate') {
      if (last < this.next) return
      this.#inFlight[(this.#start + this.#count) % this.#inFlight.length] = last
      this.#count++
      this.next = last + 1
    } else this.#probed = true
  }

  /** The follower has everything up to `index`. True if that is news. */
  matched(index: Index): boolean {
    while (this.#count > 0 && (this.#inFlight[this.#start] as number) <= index) {
      this.#start = (this.#start + 1) % this.#inFlight.length
      this.#count--
    }
    this.next = Math.max(this.next, index + 1)
    const isNews = index > this.match
    if (isNews) this.match = index
    if (this.feeding === 'probe' || (this.feeding === 'snapshot' && this.match >= this.snapshotIndex)) this.#feed('replicate')
    return isNews
  }

  /** `previous` did not match; `candidate` may. False if the answer is to a frame of before. */
  refused(previous: Index, candidate: Index): boolean {
    if (this.feeding === 'snapshot') return false
    if (this.feeding === 'replicate' ? previous <= this.match : previous !== this.next - 1) return false
    this.#feed('probe')
    this.next = Math.max(Math.min(previous, candidate + 1), this.match + 1)
    return true
  }

  /** An answer came that says nothing about entries: what was lost on the way is sent again, a frame at a time. */
  resume(): void {
    this.#probed = false
    if (this.feeding !== 'replicate' || this.#count < this.#inFlight.length) return
    this.#start = (this.#start + 1) % this.#inFlight.length
    this.#count--
  }

  offered(index: Index): void {
    this.#feed('snapshot')
    this.snapshotIndex = index
  }

  /** The connection is new: what was in flight is lost. */
  restart(): void {
    this.#feed('probe')
  }

  #feed(feeding: Feeding): void {
    this.feeding = feeding
    this.#start = 0
    this.#count = 0
    this.#probed = false
    this.commitSent = 0
    if (feeding !== 'replicate') this.next = this.match + 1
  }
}
