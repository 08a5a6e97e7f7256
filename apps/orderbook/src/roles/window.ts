import type { Instruction } from '../market/types.ts'

/** What was not acknowledged yet, in its order: as much as is needed to send it again. */
export class Window {
  #waiting: Instruction[] = []
  readonly #size: number
  /** How many of those that wait have been sent since the last rewind, and ever. */
  #sent = 0
  #sentOnce = 0
  /** Instructions that were sent once more. */
  repeated = 0
  acknowledged = 0

  constructor(size: number) {
    this.#size = size
  }

  get waiting(): number {
    return this.#waiting.length
  }

  get room(): number {
    return this.#size - this.#waiting.length
  }

  /** Needs room. */
  add(instruction: Instruction): void {
    this.#waiting.push(instruction)
  }

  /** The next ones to be sent, at most so many. */
  next(most: number): readonly Instruction[] {
    const batch = this.#waiting.slice(this.#sent, this.#sent + most)
    const sent = this.#sent + batch.length
    this.repeated += Math.max(0, Math.min(this.#sentOnce, sent) - this.#sent)
    this.#sent = sent
    this.#sentOnce = Math.max(this.#sentOnce, sent)
    return batch
  }

  /** Of each trader everything below its sequence was taken. Answers how many wait no more. */
  acknowledge(expected: Iterable<readonly [trader: string, sequence: number]>): number {
    const next = new Map(expected)
    const isTaken = ({ trader, sequence }: Instruction): boolean => sequence < (next.get(trader) ?? 0)
    const left = (count: number): number => count - this.#waiting.slice(0, count).filter(isTaken).length
    const [sent, sentOnce] = [left(this.#sent), left(this.#sentOnce)]
    const before = this.#waiting.length
    this.#waiting = this.#waiting.filter((instruction) => !isTaken(instruction))
    this.#sent = sent
    this.#sentOnce = sentOnce
    const taken = before - this.#waiting.length
    this.acknowledged += taken
    return taken
  }

  /** Everything that waits is sent again. */
  rewind(): void {
    this.#sent = 0
  }
}
