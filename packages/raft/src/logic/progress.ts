import { InFlight } from './in-flight.ts'
import type { Window } from './in-flight.ts'
import type { Index } from './types.ts'

/** A frame that waits for its fate is sent again after a heartbeat interval, then twice that, up to so many times it. */
const MAX_PATIENCE = 32
/** Frames on their way to one follower however small they are. */
const EAGER_FRAMES = 2

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
  /** What the first one had that it was offered since the log has sufficed: it may still be fetching that. */
  firstOffered: Index = 0
  /** What it had when it last answered a heartbeat. */
  matchAtHeartbeat: Index = -1
  resumedAt: number = -Infinity
  readonly #window: Window
  readonly #inFlight: InFlight
  #probed = false
  #probedAt = 0
  /** How many prompt answers a probe is given time for. */
  #patience = 1

  constructor(next: Index, window: Window) {
    this.next = next
    this.#window = window
    this.#inFlight = new InFlight(window)
  }

  get inFlight(): number {
    return this.#inFlight.count
  }

  /** Bytes that the next frame may have; one entry that has more goes alone. */
  get room(): number {
    return this.#inFlight.room
  }

  /** Whether nothing may be sent before an answer. */
  get isPaused(): boolean {
    if (this.feeding === 'replicate') return this.#inFlight.isFull
    return this.feeding === 'snapshot' || this.#probed
  }

  /** So many frames are on their way that a small one may as well wait for the next answer, and for what comes until then. */
  get mayGather(): boolean {
    return this.feeding === 'replicate' && this.#inFlight.count >= EAGER_FRAMES
  }

  /** A frame that ends at `last` has been sent. */
  sent(last: Index, bytes: number, now: number): void {
    if (this.feeding === 'replicate') {
      if (last < this.next) return
      this.#inFlight.add(last, bytes, now)
      this.next = last + 1
    } else {
      this.#probed = true
      this.#probedAt = now
    }
  }

  /** The follower has everything up to `index`. True if that is news. */
  matched(index: Index, now: number): boolean {
    this.#inFlight.acknowledge(index, now)
    this.#patience = 1
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

  /** An answer came that says nothing about entries: what was lost on the way is sent again, a frame at a time, ever less often. */
  resume(now: number): void {
    if (this.feeding === 'replicate') {
      if (this.isPaused || this.mayGather) this.#inFlight.forgetOldest()
    } else if (this.#probed && now - this.#probedAt >= this.#patience * this.#window.promptMs) {
      this.#probed = false
      this.#patience = Math.min(2 * this.#patience, MAX_PATIENCE)
    }
  }

  offered(index: Index): void {
    if (this.feeding !== 'snapshot') this.firstOffered = index
    this.#feed('snapshot')
    this.snapshotIndex = index
  }

  /** The connection is new: what was in flight is lost. */
  restart(): void {
    this.#feed('probe')
  }

  #feed(feeding: Feeding): void {
    this.feeding = feeding
    this.#inFlight.clear()
    this.#probed = false
    this.commitSent = 0
    if (feeding !== 'replicate') this.next = this.match + 1
  }
}
