import { createFifo } from '@mosaik/core'

/** Begins to read, once, and ends when the signal aborts. */
export type Source<T> = (signal: AbortSignal) => AsyncIterable<T>

/** Reads a source ahead of who takes from it: who has other things to do does not wait for a source that stalls. */
export class ReadAhead<T> {
  /** Something was read, or nothing will be. */
  readonly begun: Promise<void>
  readonly #size: number
  readonly #read = createFifo<T>()
  readonly #control = new AbortController()
  #end: { readonly error?: unknown } | undefined
  #goOn = (): void => {}

  /** At most `size` are read ahead. */
  constructor(source: Source<T>, size: number) {
    this.#size = size
    const { promise, resolve } = Promise.withResolvers<void>()
    this.begun = promise
    void this.#pump(source, resolve)
  }

  /** The next one, if it was read already. */
  take(): T | undefined {
    const item = this.#read.shift()
    if (this.#read.length <= this.#size / 2) this.#goOn()
    return item
  }

  /** Everything was taken. Throws what the source has failed with when everything before that was taken. */
  isOver(): boolean {
    if (this.#end === undefined || this.#read.length > 0) return false
    if ('error' in this.#end) throw this.#end.error
    return true
  }

  /** Reads no more. */
  stop(): void {
    this.#control.abort()
    this.#goOn()
  }

  async #pump(source: Source<T>, onBegun: () => void): Promise<void> {
    const { signal } = this.#control
    try {
      for await (const item of source(signal)) {
        this.#read.push(item)
        onBegun()
        if (signal.aborted) break
        if (this.#read.length === this.#size) await new Promise<void>((resolve) => (this.#goOn = resolve))
      }
      this.#end = {}
    } catch (error) {
      this.#end = { error }
    }
    onBegun()
  }
}
