/** How long something must have lasted for the failures before it to be forgotten, ms. */
export const STABLE_MS = 5_000

/** What is remembered of failed attempts: how long to wait for the next one. */
export class Retry {
  readonly #delays: () => Iterator<number>
  #current: Iterator<number> | undefined

  /** `delays` starts a fresh series, which must not end. */
  constructor(delays: () => Iterator<number>) {
    this.#delays = delays
  }

  /** It failed, or ended after having lasted since `since`. The delay before the next attempt, ms. */
  failed(now: number, since?: number): number {
    if (since !== undefined && now - since >= STABLE_MS) this.reset()
    this.#current ??= this.#delays()
    const next = this.#current.next()
    return next.done === true ? STABLE_MS : next.value
  }

  /** Something has changed that may change the outcome. */
  reset(): void {
    this.#current = undefined
  }
}
