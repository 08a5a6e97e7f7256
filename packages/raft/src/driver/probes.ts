import type { Clock, Histogram } from '@mosaik/core'

const CAPACITY = 64
const MS_PER_SECOND = 1_000

/**
 * Measures how long it takes to get from one moment to another, for things that are numbered in order. A sample: of those that
 * are under way at most 64 are measured, so that it costs next to nothing however many there are.
 */
export class Probes {
  readonly #clock: Clock
  readonly #seconds: Histogram
  readonly #numbers = new Float64Array(CAPACITY)
  readonly #since = new Float64Array(CAPACITY)
  #start = 0
  #count = 0

  constructor(clock: Clock, seconds: Histogram) {
    this.#clock = clock
    this.#seconds = seconds
  }

  /** It begins now. What begins again is not measured. */
  begin(number: number): void {
    if (this.#count === CAPACITY) return
    if (this.#count > 0 && number <= (this.#numbers[(this.#start + this.#count - 1) % CAPACITY] as number)) return
    const at = (this.#start + this.#count++) % CAPACITY
    this.#numbers[at] = number
    this.#since[at] = this.#clock.monotonic()
  }

  /** Everything up to this number has got there. */
  reached(number: number): void {
    if (this.#count === 0 || (this.#numbers[this.#start] as number) > number) return
    const now = this.#clock.monotonic()
    while (this.#count > 0 && (this.#numbers[this.#start] as number) <= number) {
      this.#seconds.observe((now - (this.#since[this.#start] as number)) / MS_PER_SECOND)
      this.#drop()
    }
  }

  /** This one has got there; those before it that have not are not waited for. */
  met(number: number): void {
    while (this.#count > 0 && (this.#numbers[this.#start] as number) < number) this.#drop()
    if (this.#count > 0 && this.#numbers[this.#start] === number) this.reached(number)
  }

  /** What is under way does not get there. */
  forget(): void {
    this.#count = 0
  }

  #drop(): void {
    this.#start = (this.#start + 1) % CAPACITY
    this.#count--
  }
}
