/** How long a connection must have lasted for the past to be forgotten. */
export const STABLE_MS = 5_000

/** What a consumer remembers of its attempts at one producer. */
export class Retry {
  readonly #delays: () => Iterator<number>
  readonly #giveUpAfter: number
  #current: Iterator<number> | undefined
  #since = 0

  /** `delays` starts a fresh series; `giveUpAfter` in ms. */
  constructor(delays: () => Iterator<number>, giveUpAfter: number) {
    this.#delays = delays
    this.#giveUpAfter = giveUpAfter
  }

  /**
   * An attempt failed, or a connection ended that was made at `connectedAt`. How long to wait, or undefined: give up,
   * where `mayGiveUp`.
   */
  failed(now: number, connectedAt: number | undefined, mayGiveUp = true): number | undefined {
    if (connectedAt !== undefined && now - connectedAt >= STABLE_MS) this.reset()
    if (this.#current === undefined) {
      this.#current = this.#delays()
      this.#since = now
    }
    if (mayGiveUp && now - this.#since >= this.#giveUpAfter) return undefined
    const next = this.#current.next()
    return next.done === true ? undefined : next.value
  }

  /** Something changed that may change the outcome. */
  reset(): void {
    this.#current = undefined
  }
}
