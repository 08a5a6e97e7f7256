/** The router mends its meshes this often while something changes, ms, and this often while nothing does. */
export const BUSY_MS = 2_000
export const QUIET_MS = 10_000
/** A change keeps the router busy for this long: it takes 15 heartbeats until a peer that was pruned may come back. */
const SETTLING_MS = 30_000
/** More messages than this between two heartbeats keep it busy, too: its caches are emptied by heartbeats. */
const FEW_MESSAGES = 64

/**
 * When the gossip router's next heartbeat is due. Peers are grafted as they join and messages pushed at once, so a router
 * that has everyone in its mesh has nothing to do between changes; but each heartbeat of each node costs CPU for ever.
 */
export class Pace {
  #changedAt: number
  #messages = 0

  constructor(now: number) {
    this.#changedAt = now
  }

  /** Peers, subscriptions or meshes have changed. */
  changed(now: number): void {
    this.#changedAt = now
  }

  message(): void {
    this.#messages++
  }

  /** Called at a heartbeat. `isWhole`: every subscriber is in the mesh, so that nobody has to be told of messages. */
  next(now: number, isWhole: boolean): number {
    const messages = this.#messages
    this.#messages = 0
    const isQuiet = now - this.#changedAt > SETTLING_MS && messages <= (isWhole ? FEW_MESSAGES : 0)
    return isQuiet ? QUIET_MS : BUSY_MS
  }
}
