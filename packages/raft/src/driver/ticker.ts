import type { Clock, PeerId } from '@mosaik/core'

/** `now` by the monotonic clock; `heard`: how many ms ago each bonded peer was there, the same map for all. */
export type Tick = (now: number, heard: ReadonlyMap<PeerId, number>) => void

export interface TickerInit {
  readonly clock: Clock
  readonly heard: () => ReadonlyMap<PeerId, number>
  /** A tick threw: a fault of ours, and the others go on. */
  readonly onFault: (error: unknown) => void
}

interface Pace {
  readonly ticks: Set<Tick>
  cancel: () => void
}

/** The time of all groups of a node: one timer for each interval that any of them has, however many they are. */
export class Ticker {
  readonly #init: TickerInit
  readonly #paces = new Map<number, Pace>()

  constructor(init: TickerInit) {
    this.#init = init
  }

  /** Calls `tick` every `ms` until it is cancelled; the first time within `ms`, together with the others. */
  every(ms: number, tick: Tick): () => void {
    let pace = this.#paces.get(ms)
    if (pace === undefined) {
      pace = { ticks: new Set(), cancel: () => {} }
      this.#paces.set(ms, pace)
      this.#schedule(ms, pace)
    }
    const { ticks } = pace
    ticks.add(tick)
    return () => {
      if (!ticks.delete(tick) || ticks.size > 0) return
      pace.cancel()
      this.#paces.delete(ms)
    }
  }

  #schedule(ms: number, pace: Pace): void {
    pace.cancel = this.#init.clock.after(ms, () => {
      this.#schedule(ms, pace)
      const now = this.#init.clock.monotonic()
      const heard = this.#init.heard()
      for (const tick of pace.ticks) {
        try {
          tick(now, heard)
        } catch (error) {
          this.#init.onFault(error)
        }
      }
    })
  }
}
