const FEW = 64

/** First in, first out, without moving what waits: an array's own `shift` copies all of a long one. Not bounded: its owner counts. */
export interface Fifo<T> {
  readonly length: number
  /** What `shift` would take. */
  readonly first: T | undefined
  push(item: T): void
  shift(): T | undefined
  clear(): void
  /** What waits, which stays. */
  toArray(): T[]
}

export function createFifo<T>(): Fifo<T> {
  return new ArrayFifo()
}

class ArrayFifo<T> implements Fifo<T> {
  #items: (T | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  get first(): T | undefined {
    return this.#items[this.#head]
  }

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head++] = undefined
    if (this.#head >= FEW && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  clear(): void {
    this.#items = []
    this.#head = 0
  }

  toArray(): T[] {
    return this.#items.slice(this.#head) as T[]
  }
}
