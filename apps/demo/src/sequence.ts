import type { Reading, Received } from './messages.ts'

/** Checks that numbers arrive one after another: a stream that loses or repeats one is caught here. */
export class Sequence {
  #next: number | undefined
  #datums = 0
  #missing = 0
  #repeated = 0

  take({ n }: Reading): this {
    this.#datums += 1
    if (this.#next !== undefined && n < this.#next) {
      this.#repeated += 1
      return this
    }
    this.#missing += n - (this.#next ?? n)
    this.#next = n + 1
    return this
  }

  counts(peerId: string): Received {
    return { peerId, datums: this.#datums, missing: this.#missing, repeated: this.#repeated }
  }
}
