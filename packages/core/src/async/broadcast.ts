import { check } from '../check/options.ts'
import type { WaitOptions } from './watch.ts'

/** Stands in for the events that a reader was too slow for. */
export interface Lagged {
  readonly type: 'lagged'
  readonly missed: number
}

/** One history of events for any number of readers, each at its own pace. */
export interface Broadcast<T> {
  /** Never waits. After close it does nothing. */
  publish(event: T): void
  /**
   * The events published from this call on. A reader that fell behind first gets `{ type: 'lagged', missed }` and then
   * the newest `backlog` events. Ends after the last event when the broadcast closes; an abort rejects with `signal.reason`.
   */
  subscribe(options?: WaitOptions): AsyncIterableIterator<T | Lagged>
  /** Ends every subscription once it has read what is left. Idempotent. */
  close(): void
}

export interface BroadcastOptions {
  /** Events kept for readers that fall behind, 1 to 2²⁰. */
  readonly backlog: number
}

const MAX_BACKLOG = 2 ** 20

export function createBroadcast<T>(options: BroadcastOptions): Broadcast<T> {
  return new RingBroadcast<T>(check.integer('backlog', options.backlog, { min: 1, max: MAX_BACKLOG }))
}

/** All readers share one ring and hold a position in it: what a slow reader costs does not grow. */
class RingBroadcast<T> implements Broadcast<T> {
  readonly backlog: number
  readonly #ring: T[] = []
  readonly #waiting = new Set<() => void>()
  published = 0
  closed = false

  constructor(backlog: number) {
    this.backlog = backlog
  }

  publish(event: T): void {
    if (this.closed) return
    this.#ring[this.published % this.backlog] = event
    this.published++
    this.#wake()
  }

  subscribe({ signal }: WaitOptions = {}): AsyncIterableIterator<T | Lagged> {
    return new Reader(this, signal)
  }

  close(): void {
    this.closed = true
    this.#wake()
  }

  at(position: number): T {
    return this.#ring[position % this.backlog] as T
  }

  /** Calls `wake` at the next event or the end, once. */
  wait(wake: () => void): () => void {
    this.#waiting.add(wake)
    return () => void this.#waiting.delete(wake)
  }

  #wake(): void {
    if (this.#waiting.size === 0) return
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }
}

type Step<T> = IteratorResult<T | Lagged, undefined>

class Reader<T> implements AsyncIterableIterator<T | Lagged> {
  readonly #source: RingBroadcast<T>
  readonly #signal: AbortSignal | undefined
  #position: number
  #finished = false
  /** Settles a pending `next` when the iteration is ended from outside. */
  readonly #pending = new Set<() => void>()

  constructor(source: RingBroadcast<T>, signal: AbortSignal | undefined) {
    this.#source = source
    this.#signal = signal
    this.#position = source.published
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Step<T>> {
    return new Promise<Step<T>>((resolve, reject) => {
      const attempt = (): void => {
        const step = this.#signal?.aborted === true && !this.#finished ? undefined : this.#step()
        if (step !== undefined) return resolve(step)
        if (this.#signal?.aborted === true) {
          this.#finished = true
          return reject(this.#signal.reason)
        }
        const retry = (): void => {
          stop()
          this.#signal?.removeEventListener('abort', retry)
          this.#pending.delete(retry)
          attempt()
        }
        const stop = this.#source.wait(retry)
        this.#pending.add(retry)
        this.#signal?.addEventListener('abort', retry, { once: true })
      }
      attempt()
    })
  }

  return(): Promise<Step<T>> {
    this.#finished = true
    for (const retry of [...this.#pending]) retry()
    return Promise.resolve({ done: true, value: undefined })
  }

  /** What can be answered now: an event, what was missed, the end, or undefined for nothing yet. */
  #step(): Step<T> | undefined {
    if (this.#finished) return { done: true, value: undefined }
    const oldest = this.#source.published - this.#source.backlog
    if (this.#position < oldest) {
      const missed = oldest - this.#position
      this.#position = oldest
      return { done: false, value: { type: 'lagged', missed } }
    }
    if (this.#position < this.#source.published) return { done: false, value: this.#source.at(this.#position++) }
    return this.#source.closed ? { done: true, value: undefined } : undefined
  }
}
