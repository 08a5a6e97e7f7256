import { MosaikError } from '../check/error.ts'

export interface WaitOptions {
  signal?: AbortSignal
}

/** A value that changes. Readers see the latest one; values in between may be skipped. */
export interface Watch<T> extends AsyncIterable<T> {
  readonly value: T
  /** The next value that is set after this call. Rejects with `ERR_CLOSED` when the owner closes. */
  changed(options?: WaitOptions): Promise<T>
  /** The first value, beginning with the current one, that satisfies `predicate`. */
  until(predicate: (value: T) => boolean, options?: WaitOptions): Promise<T>
}

/** The owner's end of a watch. */
export interface WatchSource<T> extends Watch<T> {
  /** Sets the value and wakes everyone, unless `Object.is` says that nothing changed. */
  set(value: T): void
  /** Calls `listener` synchronously after every change. Returns what removes it. A listener must not throw. */
  listen(listener: (value: T) => void): () => void
  /** Ends iterations and rejects waits with `reason` (default `ERR_CLOSED`). The last value stays readable. */
  close(reason?: Error): void
}

/** A watch with this first value. */
export function createWatch<T>(initial: T): WatchSource<T> {
  return new ValueWatch(initial)
}

/**
 * A watch of `f(value)`, recomputed when its source is set and unchanged while `Object.is` says the result is the same.
 * It ends with its source; closing it lets go of the source. `f` must not throw.
 */
export function mapWatch<T, U>(source: Watch<T>, f: (value: T) => U): WatchSource<U> {
  if (!(source instanceof ValueWatch)) throw new MosaikError('ERR_INVALID_OPTION', 'mapWatch takes watches made by createWatch or mapWatch')
  let stop = (): void => {}
  const mapped = new ValueWatch(f(source.value), () => stop())
  stop = (source as ValueWatch<T>).subscribe({
    next: (value) => mapped.set(f(value)),
    end: (reason) => mapped.close(reason),
  })
  return mapped
}

/** Someone who follows a watch. `end` comes once, last, and never after the follower has left. */
interface Follower<T> {
  next(value: T): void
  end(reason: Error): void
}

class ValueWatch<T> implements WatchSource<T> {
  #value: T
  #version = 0
  #ended: Error | undefined
  readonly #followers = new Set<Follower<T>>()
  readonly #onClose: (() => void) | undefined

  constructor(initial: T, onClose?: () => void) {
    this.#value = initial
    this.#onClose = onClose
  }

  get value(): T {
    return this.#value
  }

  set(value: T): void {
    if (this.#ended !== undefined || Object.is(this.#value, value)) return
    this.#value = value
    const version = ++this.#version
    for (const follower of [...this.#followers]) {
      if (this.#version !== version) return // a follower has set a newer value, and everyone has seen that one
      if (this.#followers.has(follower)) follower.next(value)
    }
  }

  listen(listener: (value: T) => void): () => void {
    return this.subscribe({ next: listener, end() {} })
  }

  close(reason: Error = new MosaikError('ERR_CLOSED', 'the watch was closed by its owner')): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    const followers = [...this.#followers]
    this.#followers.clear()
    this.#onClose?.()
    for (const follower of followers) follower.end(reason)
  }

  changed(options: WaitOptions = {}): Promise<T> {
    return this.#next(() => true, options.signal)
  }

  until(predicate: (value: T) => boolean, options: WaitOptions = {}): Promise<T> {
    return new Promise<T>((resolve) => {
      options.signal?.throwIfAborted()
      resolve(predicate(this.#value) ? this.#value : this.#next(predicate, options.signal))
    })
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    let seen = -1
    for (;;) {
      if (seen === this.#version) {
        if (this.#ended !== undefined) return
        try {
          await this.changed()
        } catch (error) {
          if (error === this.#ended) return
          throw error
        }
      }
      seen = this.#version
      yield this.#value
    }
  }

  /** Internal to this file: follows changes and the end. */
  subscribe(follower: Follower<T>): () => void {
    if (this.#ended !== undefined) {
      follower.end(this.#ended)
      return () => {}
    }
    this.#followers.add(follower)
    return () => void this.#followers.delete(follower)
  }

  #next(predicate: (value: T) => boolean, signal: AbortSignal | undefined): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      signal?.throwIfAborted()
      let leave = (): void => {}
      const onAbort = (): void => (leave(), reject(signal?.reason))
      const settled = (): void => {
        leave()
        signal?.removeEventListener('abort', onAbort)
      }
      leave = this.subscribe({
        next: (value) => {
          try {
            if (!predicate(value)) return
          } catch (error) {
            settled()
            reject(error)
            return
          }
          settled()
          resolve(value)
        },
        end: (reason) => (settled(), reject(reason)),
      })
      if (this.#ended === undefined) signal?.addEventListener('abort', onAbort, { once: true })
    })
  }
}
