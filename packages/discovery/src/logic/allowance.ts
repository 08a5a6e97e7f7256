/** Lets `burst` things happen at once, and then one every `everyMs`. Times are monotonic. */
export class Allowance {
  readonly #burst: number
  readonly #everyMs: number
  /** When all that has been spent is earned back. */
  #evenAt = Number.NEGATIVE_INFINITY

  constructor(burst: number, everyMs: number) {
    this.#burst = burst
    this.#everyMs = everyMs
  }

  spend(now: number): void {
    this.#evenAt = Math.max(this.#evenAt, now) + this.#everyMs
  }

  /** When there is one to spend; not after `now`: at once. */
  nextAt(): number {
    return this.#evenAt - (this.#burst - 1) * this.#everyMs
  }
}
