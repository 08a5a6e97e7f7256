/** The only source of time above `core/system` and `@mosaik/libp2p`. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. May step either way, and may be wrong. For what is signed and compared between nodes. */
  now(): number
  /** Milliseconds that never step back. For durations and deadlines. */
  monotonic(): number
  /** Runs `task` once, `ms` from now (0 = as soon as possible, still later than this turn). Returns what cancels it. */
  after(ms: number, task: () => void): () => void
  /** Runs `task` when the current turn of the event loop is over: what happened in between can be handled together. */
  turn(task: () => void): void
}
