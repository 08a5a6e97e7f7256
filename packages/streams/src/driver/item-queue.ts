import { Ring } from '../logic/ring.ts'
import type { Lane } from './lane.ts'

/** Someone who waits for an item. */
interface Taker {
  /** There is one: take it, or leave it. */
  onItem(): void
  onClose(reason: Error): void
}

/** What has arrived for a consumer and its application has not taken, of all producers in the order of arrival. Bounded by the lanes. */
export class ItemQueue {
  /** Values, and their encoded sizes. */
  readonly #values = new Ring<unknown>()
  readonly #lanes = new Ring<Lane>()
  readonly #takers = new Set<Taker>()
  readonly #onTaken: (bytes: number) => void
  #closed: Error | undefined

  constructor(onTaken: (bytes: number) => void) {
    this.#onTaken = onTaken
  }

  get size(): number {
    return this.#values.size
  }

  /** Whoever asks now gets an item now. */
  get isServable(): boolean {
    return this.#values.size > 0 && this.#takers.size === 0
  }

  get closed(): Error | undefined {
    return this.#closed
  }

  push(value: unknown, bytes: number, lane: Lane): void {
    if (this.#closed !== undefined) return
    this.#values.push(value, bytes)
    this.#lanes.push(lane, 0)
    if (this.#takers.size > 0) this.#serve()
  }

  /** The oldest item; there must be one. */
  take(): unknown {
    const bytes = this.#values.firstNumber()
    const lane = this.#lanes.shift()
    const value = this.#values.shift()
    this.#onTaken(bytes)
    lane.taken(bytes)
    return value
  }

  /** `use` is called with the next item unless that is cut short; then nothing was taken. */
  next<R>(use: (value: unknown) => R, signal: AbortSignal | undefined): Promise<R> {
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    if (this.isServable) return Promise.resolve(use(this.take()))
    return this.#wait(() => use(this.take()), signal)
  }

  /** Resolves when there is an item, which stays where it is. */
  ready(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    if (this.#values.size > 0) return Promise.resolve()
    return this.#wait(() => {}, signal)
  }

  close(reason: Error): void {
    if (this.#closed !== undefined) return
    this.#closed = reason
    this.#values.clear()
    this.#lanes.clear()
    for (const taker of this.#takers) taker.onClose(reason)
    this.#takers.clear()
  }

  #wait<R>(result: () => R, signal: AbortSignal | undefined): Promise<R> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#takers.delete(taker)
        reject(signal?.reason)
      }
      const done = (): void => signal?.removeEventListener('abort', onAbort)
      const taker: Taker = {
        onItem: () => (done(), resolve(result())),
        onClose: (reason) => (done(), reject(reason)),
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#takers.add(taker)
    })
  }

  #serve(): void {
    for (const taker of this.#takers) {
      if (this.#values.size === 0) return
      this.#takers.delete(taker)
      taker.onItem()
    }
  }
}
