/**
 * A queue of items with a number beside each, first in, first out. It grows by doubling and lets go of what it held
 * when it runs empty after having been large. No object is made per item.
 */
export class Ring<T> {
  #items: (T | undefined)[] = new Array<T | undefined>(SMALLEST)
  #numbers: Float64Array = new Float64Array(SMALLEST)
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: T, number: number): void {
    if (this.#size === this.#items.length) this.#resize(this.#size * 2)
    const at = (this.#head + this.#size) & (this.#items.length - 1)
    this.#items[at] = item
    this.#numbers[at] = number
    this.#size += 1
  }

  /** The oldest item. The ring must not be empty. */
  first(): T {
    return this.#items[this.#head] as T
  }

  /** The number beside the oldest item. */
  firstNumber(): number {
    return this.#numbers[this.#head] as number
  }

  shift(): T {
    const item = this.#items[this.#head] as T
    this.#items[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#items.length - 1)
    this.#size -= 1
    if (this.#size === 0 && this.#items.length > LARGE) this.clear()
    return item
  }

  clear(): void {
    this.#items = new Array<T | undefined>(SMALLEST)
    this.#numbers = new Float64Array(SMALLEST)
    this.#head = 0
    this.#size = 0
  }

  #resize(capacity: number): void {
    const items = new Array<T | undefined>(capacity)
    const numbers = new Float64Array(capacity)
    for (let i = 0; i < this.#size; i++) {
      const from = (this.#head + i) & (this.#items.length - 1)
      items[i] = this.#items[from]
      numbers[i] = this.#numbers[from] as number
    }
    this.#items = items
    this.#numbers = numbers
    this.#head = 0
  }
}

const SMALLEST = 16
/** Rings up to this capacity are kept when they run empty: a busy queue empties all the time. */
const LARGE = 4096
