import type { Clock } from '@mosaik/core'

/**
 * Long work in pieces. Each piece gets a turn of the event loop of its own, in the order in which they were asked for, whoever's they
 * are: so several long works of a node together hold up nothing for longer than the longest piece.
 */
export class Turns {
  readonly #clock: Clock
  readonly #waiting: (() => void)[] = []
  #isArmed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves in a turn in which nobody else does a piece. */
  next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    this.#arm()
    return promise
  }

  #arm(): void {
    if (this.#isArmed || this.#waiting.length === 0) return
    this.#isArmed = true
    this.#clock.after(0, () => {
      this.#isArmed = false
      this.#waiting.shift()?.()
      this.#arm()
    })
  }
}
