import type { Change } from '../types/index.ts'

export interface ChangeSource {
  readonly changes: AsyncIterableIterator<Change>
  readonly left: () => void
}

/** One reader of a handle's changes: it ends with the handle, although the replica may go on for others. */
export class ChangeReader implements AsyncIterableIterator<Change> {
  readonly #source: ChangeSource
  readonly #onLeft: () => void
  #hasLeft = false

  constructor(source: ChangeSource, onLeft: () => void) {
    this.#source = source
    this.#onLeft = onLeft
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Change, undefined>> {
    try {
      const step = await this.#source.changes.next()
      if (step.done === true) this.#leave()
      return step as IteratorResult<Change, undefined>
    } catch (error) {
      this.#leave()
      throw error
    }
  }

  async return(): Promise<IteratorResult<Change, undefined>> {
    this.#leave()
    await this.#source.changes.return?.()
    return { done: true, value: undefined }
  }

  #leave(): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    this.#source.left()
    this.#onLeft()
  }
}
