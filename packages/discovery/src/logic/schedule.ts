import type { Prng } from '@mosaik/core'

/** Up to this many peers everyone renews its entry at every announcement; in larger networks the total stays what it is then. */
const PEERS_AT_FULL_RATE = 5
/** An entry is renewed at least this many times before it would become stale, whatever the size of the network. */
const RENEWALS_PER_LIFETIME = 2

/** Uniform in `ms` × [1 − jitter, 1 + jitter]. */
export function jittered(ms: number, jitter: number, prng: Prng): number {
  return ms * (1 + jitter * (2 * prng.float() - 1))
}

/**
 * How old the own entry may become before it is announced afresh, ms: one interval in small networks, longer in
 * large ones, so that what everyone hears does not grow with the square of the network.
 */
export function renewAfter(interval: number, purgeAfter: number, peers: number): number {
  const stretched = interval * Math.max(1, peers / PEERS_AT_FULL_RATE)
  return Math.max(interval, Math.min(stretched, purgeAfter / RENEWALS_PER_LIFETIME))
}

/** In quiet times catalogs are compared at every so many announce intervals. */
const CALM_INTERVALS = 8

/** Which announce intervals catalogs are compared at: the first, second, fourth and eighth after news, then every eighth. */
export class CalmCounter {
  #intervals = 0

  /** Something has changed that not everyone may have heard of. */
  news(): void {
    this.#intervals = 0
  }

  /** Another interval is over. True: it is time to compare. */
  tick(): boolean {
    this.#intervals++
    return this.#intervals % CALM_INTERVALS === 0 || (this.#intervals & (this.#intervals - 1)) === 0
  }
}

/** `count` different items at random; all of them when there are not more. */
export function sample<T>(items: readonly T[], count: number, prng: Prng): T[] {
  const rest = [...items]
  const chosen: T[] = []
  while (chosen.length < count && rest.length > 0) {
    const [one] = rest.splice(Math.floor(prng.float() * rest.length), 1)
    chosen.push(one as T)
  }
  return chosen
}
