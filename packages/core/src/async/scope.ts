import { MosaikError } from '../check/error.ts'

/** What ends with its owner: work, and things to let go of. */
export interface Scope extends AsyncDisposable {
  /** Aborted, with the reason of `close`, when the scope begins to close. */
  readonly signal: AbortSignal
  /**
   * Runs `dispose` when the scope closes, the newest first. Returns what forgets it. In a scope that is closing
   * already it runs at once.
   */
  add(dispose: () => unknown): () => void
  /** Starts work that ends with the scope: `task` must end when its signal aborts. False, and not started, once the scope is closing. */
  spawn(task: (signal: AbortSignal) => Promise<unknown>): boolean
  /**
   * Aborts the signal, disposes of everything, waits for all work. Rejects with what failed (an `AggregateError` for
   * several) unless `onError` was there to take it. Idempotent.
   */
  close(reason?: Error): Promise<void>
}

export interface ScopeOptions {
  /** Takes failures as they happen. Without it they are collected (at most 100) for `close`. */
  readonly onError?: (error: unknown) => void
}

const MAX_ERRORS = 100

export function createScope(options: ScopeOptions = {}): Scope {
  return new WorkScope(options.onError)
}

class WorkScope implements Scope {
  readonly #controller = new AbortController()
  readonly #disposers = new Set<{ run: () => unknown }>()
  readonly #work = new Set<Promise<void>>()
  readonly #errors: unknown[] = []
  readonly #onError: (error: unknown) => void
  #closing: Promise<void> | undefined

  constructor(onError: ((error: unknown) => void) | undefined) {
    this.#onError = onError ?? ((error) => void (this.#errors.length < MAX_ERRORS && this.#errors.push(error)))
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  add(dispose: () => unknown): () => void {
    const entry = { run: dispose }
    if (this.#closing === undefined) this.#disposers.add(entry)
    else this.#track(entry.run)
    return () => void this.#disposers.delete(entry)
  }

  spawn(task: (signal: AbortSignal) => Promise<unknown>): boolean {
    if (this.#closing !== undefined) return false
    this.#track(() => task(this.signal))
    return true
  }

  close(reason: Error = new MosaikError('ERR_CLOSED', 'its owner was closed')): Promise<void> {
    if (this.#closing === undefined) {
      // Set before anything runs: what is called from here may call close again.
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      this.#closing = promise
      this.#end(reason).then(resolve, reject)
    }
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #end(reason: Error): Promise<void> {
    this.#controller.abort(reason)
    for (const entry of [...this.#disposers].reverse()) if (this.#disposers.delete(entry)) this.#track(entry.run)
    while (this.#work.size > 0) await Promise.all(this.#work)
    if (this.#errors.length === 1) throw this.#errors[0]
    if (this.#errors.length > 1) throw new AggregateError(this.#errors, `${this.#errors.length} parts failed while closing`)
  }

  /** Runs it now and remembers it until it is done. To end because of the scope's own signal is no failure. */
  #track(run: () => unknown): void {
    const work = (async () => void (await run()))()
      .catch((error: unknown) => {
        if (!(this.signal.aborted && error === this.signal.reason)) this.#onError(error)
      })
      .finally(() => this.#work.delete(work))
    this.#work.add(work)
  }
}
