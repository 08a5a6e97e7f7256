import type { Clock, Prng } from '@mosaik/core'
import { Silence } from '../logic/silence.ts'
import type { HeartbeatTiming } from '../types.ts'

/** The heartbeat of one bond, at the pace of the most demanding of its groups; none while no group is up. */
export class Pulse {
  readonly silence: Silence
  readonly #clock: Clock
  readonly #prng: Prng
  readonly #onTick: () => void
  #timing: HeartbeatTiming | undefined
  #expected = 0
  #cancel: () => void = () => {}

  constructor(clock: Clock, prng: Prng, onTick: () => void) {
    this.#clock = clock
    this.#prng = prng
    this.#onTick = onTick
    this.silence = new Silence(clock.monotonic())
  }

  /** The groups that are up have changed. */
  retime(timings: Iterable<HeartbeatTiming>): void {
    let fastest: HeartbeatTiming | undefined
    for (const timing of timings) if (fastest === undefined || timing.interval < fastest.interval) fastest = timing
    if (fastest === undefined) return this.stop()
    const before = this.#timing
    this.#timing = fastest
    if (before !== undefined && before.interval <= fastest.interval) return
    this.silence.heard(this.#clock.monotonic())
    this.#schedule(fastest)
  }

  stop(): void {
    this.#timing = undefined
    this.#cancel()
  }

  #schedule({ interval, jitter }: HeartbeatTiming): void {
    this.#cancel()
    this.#expected = interval - jitter * this.#prng.float()
    this.#cancel = this.#clock.after(this.#expected, () => {
      this.silence.tick(this.#clock.monotonic(), this.#expected)
      if (this.#timing !== undefined) this.#schedule(this.#timing)
      this.#onTick()
    })
  }
}
