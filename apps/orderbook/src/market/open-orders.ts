import type { Resting } from './market.ts'

/** The orders of one trader that wait, by their sequences. */
export class OpenOrders {
  #bySequence = new Map<number, Resting>()
  /** Above all that were ever added. While orders come as they were sent, the Map is in their order by itself. */
  #next = 0
  #isInOrder = true

  get size(): number {
    return this.#bySequence.size
  }

  get(sequence: number): Resting | undefined {
    return this.#bySequence.get(sequence)
  }

  add(order: Resting): void {
    const { sequence } = order.id
    this.#isInOrder &&= sequence >= this.#next
    this.#next = Math.max(this.#next, sequence + 1)
    this.#bySequence.set(sequence, order)
  }

  delete(sequence: number): void {
    this.#bySequence.delete(sequence)
  }

  /** So many, in the order of their sequences, from one on. */
  from(sequence: number, limit: number): Resting[] {
    if (!this.#isInOrder) this.#sort() // a snapshot has brought them in the order of the book
    return this.#bySequence
      .values()
      .filter(({ id }) => id.sequence >= sequence)
      .take(limit)
      .toArray()
  }

  #sort(): void {
    this.#bySequence = new Map([...this.#bySequence].toSorted(([a], [b]) => a - b))
    this.#isInOrder = true
  }
}
