import { MosaikError } from '../check/error.ts'
import { check } from '../check/options.ts'
import type { WaitOptions } from './watch.ts'

export interface MailboxOptions {
  /** Items that may wait, 1 to 2²⁰. */
  readonly capacity: number
  /** What happens to an item when that many wait: it is not taken, or the oldest one goes. */
  readonly full: 'refuse' | 'drop-oldest'
}

/** A bounded queue between code that must not wait and code that may. */
export interface Mailbox<T> extends AsyncIterable<T> {
  /** Puts an item in. False when it was not taken: the mailbox is full (`refuse`) or closed. */
  push(item: T): boolean
  /** The oldest item, or undefined when none waits. */
  tryTake(): T | undefined
  /** The oldest item; waits for one. After close: what is left, then `ERR_CLOSED` (or the reason of close). An abort loses no item. */
  take(options?: WaitOptions): Promise<T>
  /** Items that wait. */
  readonly size: number
  /** Items lost to `drop-oldest` so far. */
  readonly dropped: number
  /** Takes no more items. Iterations end when what is left has been read. Idempotent. */
  close(reason?: Error): void
}

const MAX_CAPACITY = 2 ** 20

export function createMailbox<T>(options: MailboxOptions): Mailbox<T> {
  return new RingMailbox<T>(options)
}

interface Taker<T> {
  readonly resolve: (item: T) => void
  readonly reject: (reason: unknown) => void
}

class RingMailbox<T> implements Mailbox<T> {
  readonly #capacity: number
  readonly #dropOldest: boolean
  // A ring that doubles up to the capacity: an idle mailbox is small, a busy one moves nothing.
  #ring: (T | undefined)[] = new Array<T | undefined>(4)
  #head = 0
  #size = 0
  #dropped = 0
  #ended: Error | undefined
  readonly #takers = new Set<Taker<T>>()

  constructor({ capacity, full }: MailboxOptions) {
    this.#capacity = check.integer('capacity', capacity, { min: 1, max: MAX_CAPACITY })
    this.#dropOldest = check.oneOf('full', full, ['refuse', 'drop-oldest']) === 'drop-oldest'
  }

  get size(): number {
    return this.#size
  }
  get dropped(): number {
    return this.#dropped
  }

  push(item: T): boolean {
    if (this.#ended !== undefined) return false
    for (const taker of this.#takers) {
      this.#takers.delete(taker)
      taker.resolve(item)
      return true
    }
    if (this.#size === this.#capacity) {
      if (!this.#dropOldest) return false
      this.#shift()
      this.#dropped++
    }
    if (this.#size === this.#ring.length) this.#grow()
    this.#ring[(this.#head + this.#size) & (this.#ring.length - 1)] = item
    this.#size++
    return true
  }

  tryTake(): T | undefined {
    return this.#size === 0 ? undefined : this.#shift()
  }

  take({ signal }: WaitOptions = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      signal?.throwIfAborted()
      if (this.#size > 0) return resolve(this.#shift())
      if (this.#ended !== undefined) return reject(this.#ended)
      if (signal === undefined) return void this.#takers.add({ resolve, reject })
      const onAbort = (): void => {
        this.#takers.delete(taker)
        reject(signal.reason)
      }
      const done = (): void => signal.removeEventListener('abort', onAbort)
      const taker: Taker<T> = { resolve: (item) => (done(), resolve(item)), reject: (reason) => (done(), reject(reason)) }
      this.#takers.add(taker)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  close(reason: Error = new MosaikError('ERR_CLOSED', 'the mailbox was closed')): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    for (const taker of this.#takers) taker.reject(reason)
    this.#takers.clear()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      if (this.#size > 0) {
        yield this.#shift()
        continue
      }
      if (this.#ended !== undefined) return
      try {
        yield await this.take()
      } catch (error) {
        if (error === this.#ended) return
        throw error
      }
    }
  }

  #shift(): T {
    const item = this.#ring[this.#head] as T
    this.#ring[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#ring.length - 1)
    this.#size--
    return item
  }

  #grow(): void {
    const larger = new Array<T | undefined>(this.#ring.length * 2)
    for (let i = 0; i < this.#size; i++) larger[i] = this.#ring[(this.#head + i) & (this.#ring.length - 1)]
    this.#ring = larger
    this.#head = 0
  }
}
