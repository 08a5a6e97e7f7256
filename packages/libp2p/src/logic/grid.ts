/** A timer may fire this much too early, ms. */
const EARLY_MS = 2

/**
 * Milliseconds from `now` to the next multiple of `interval`. Periodic work on this grid wakes a process once for all of
 * its nodes and connections, not once for each: an idle process pays for waking up, hardly for what it then does.
 */
export function toNextTick(now: number, interval: number): number {
  const wait = interval - (now % interval)
  return wait <= EARLY_MS ? wait + interval : wait
}
