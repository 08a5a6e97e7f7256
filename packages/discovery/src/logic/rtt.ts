import type { PeerId } from '@mosaik/core'

/** Gains of RFC 6298, section 2. */
const ALPHA = 1 / 8
const BETA = 1 / 4

interface Estimate {
  readonly smoothed: number
  readonly variation: number
  /** Monotonic time of the last sample. */
  readonly at: number
}

/** Smoothed round-trip times (RFC 6298), per peer. A peer that has not answered for `expireAfter` ms is unknown again. */
export class RttTable {
  /** The one sampled longest ago first. */
  readonly #estimates = new Map<PeerId, Estimate>()
  readonly #expireAfter: number

  constructor(expireAfter: number) {
    this.#expireAfter = expireAfter
  }

  /** Answers the smoothed time. `now` is monotonic here and below. */
  sample(peer: PeerId, rtt: number, now: number): number {
    const before = this.#fresh(peer, now)
    const next =
      before === undefined
        ? { smoothed: rtt, variation: rtt / 2, at: now }
        : {
            smoothed: (1 - ALPHA) * before.smoothed + ALPHA * rtt,
            variation: (1 - BETA) * before.variation + BETA * Math.abs(before.smoothed - rtt),
            at: now,
          }
    this.#estimates.delete(peer)
    this.#estimates.set(peer, next)
    for (const oldest of this.#estimates.keys()) if (this.#fresh(oldest, now) !== undefined) break
    return next.smoothed
  }

  get(peer: PeerId, now: number): number | undefined {
    return this.#fresh(peer, now)?.smoothed
  }

  get size(): number {
    return this.#estimates.size
  }

  forget(peer: PeerId): void {
    this.#estimates.delete(peer)
  }

  #fresh(peer: PeerId, now: number): Estimate | undefined {
    const estimate = this.#estimates.get(peer)
    if (estimate === undefined || now - estimate.at <= this.#expireAfter) return estimate
    this.#estimates.delete(peer)
    return undefined
  }
}
