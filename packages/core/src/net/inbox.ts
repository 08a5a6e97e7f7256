import type { MosaikError } from '../check/error.ts'
import { createFifo } from '../async/fifo.ts'

/** A message that waits may hold on to a chunk so many times its size; otherwise it is copied out. */
const MAX_WASTE = 8

interface Taker {
  readonly resolve: (message: Uint8Array) => void
  readonly reject: (reason: unknown) => void
}

/** Messages that arrived before anyone asked, and those who asked before any arrived. Bounded by the link's window. */
export class Inbox {
  readonly #messages = createFifo<Uint8Array>()
  readonly #takers = new Set<Taker>()
  readonly #onTaken: (message: Uint8Array) => void
  #ended: MosaikError | undefined

  /** `onTaken` is called for every message that leaves, in whatever way. */
  constructor(onTaken: (message: Uint8Array) => void) {
    this.#onTaken = onTaken
  }

  get awaited(): boolean {
    return this.#takers.size > 0
  }

  push(message: Uint8Array): void {
    for (const taker of this.#takers) {
      this.#takers.delete(taker)
      taker.resolve(message)
      this.#onTaken(message)
      return
    }
    const held = message.buffer.byteLength
    this.#messages.push(message.length * MAX_WASTE < held ? message.slice() : message)
  }

  tryTake(): Uint8Array | undefined {
    const message = this.#messages.shift()
    if (message !== undefined) this.#onTaken(message)
    return message
  }

  take(signal: AbortSignal | undefined): Promise<Uint8Array> {
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    const message = this.tryTake()
    if (message !== undefined) return Promise.resolve(message)
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#takers.delete(taker)
        reject(signal?.reason)
      }
      const done = (): void => signal?.removeEventListener('abort', onAbort)
      const taker: Taker = { resolve: (bytes) => (done(), resolve(bytes)), reject: (reason) => (done(), reject(reason)) }
      this.#takers.add(taker)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Drops what waits. */
  clear(): void {
    while (this.tryTake() !== undefined);
  }

  /** No more will come. What waits can still be taken; then `reason`. */
  end(reason: MosaikError): void {
    this.#ended = reason
    for (const taker of this.#takers) taker.reject(reason)
    this.#takers.clear()
  }
}
