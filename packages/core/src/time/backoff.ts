import type { Prng } from '../random/prng.ts'

export interface BackoffPolicy {
  /** First delay, ms. */
  readonly initial: number
  /** Each delay is the one before times this, at least 1. */
  readonly factor: number
  /** No delay (before jitter) exceeds this, ms. */
  readonly max: number
  /** A delay is uniform in d × [1 − jitter, 1 + jitter]; between 0 and 1. */
  readonly jitter: number
}

/** Endless delays in milliseconds: growing by `factor` up to `max`, each with jitter, so that a crowd does not come back at once. */
export function* backoff(policy: BackoffPolicy, prng: Prng): Generator<number, never, void> {
  let delay = Math.min(policy.initial, policy.max)
  for (;;) {
    yield delay * (1 + policy.jitter * (2 * prng.float() - 1))
    delay = Math.min(delay * policy.factor, policy.max)
  }
}
