/** A heartbeat that nobody has answered yet. */
interface Sent {
  readonly sequence: number
  readonly at: number
}

const MAX_UNANSWERED = 64

/**
 * Counts heartbeats and how long the other side has not answered. Silence is counted tick by tick, each for at most
 * twice the time it was meant to take, so that time in which this process stood still is not held against the peer.
 */
export class Silence {
  #sequence = 0
  #acked = 0
  #received = 0
  #unanswered: Sent[] = []
  #lastTick: number
  #ms = 0

  constructor(now: number) {
    this.#lastTick = now
  }

  /** How long nothing was answered, ms. */
  get ms(): number {
    return this.#ms
  }

  /** The next heartbeat to send. */
  next(now: number): { readonly sequence: number; readonly ack: number } {
    this.#sequence += 1
    this.#unanswered.push({ sequence: this.#sequence, at: now })
    if (this.#unanswered.length > MAX_UNANSWERED) this.#unanswered.shift()
    return { sequence: this.#sequence, ack: this.#received }
  }

  /**
   * A heartbeat has come. Answers when the newest one that it acknowledges was sent, or undefined when it acknowledges
   * nothing new. `impossible`: it acknowledges what was never sent, or comes twice.
   */
  received({ sequence, ack }: { readonly sequence: number; readonly ack: number }): number | undefined | 'impossible' {
    if (ack > this.#sequence || ack < this.#acked || sequence <= this.#received) return 'impossible'
    this.#received = sequence
    if (ack === this.#acked) return undefined
    this.#acked = ack
    this.#ms = 0
    let at: number | undefined
    while ((this.#unanswered[0]?.sequence ?? Number.POSITIVE_INFINITY) <= ack) at = this.#unanswered.shift()?.at
    return at
  }

  /** `expected` ms were meant to pass since the last tick. */
  tick(now: number, expected: number): void {
    this.#ms += Math.min(now - this.#lastTick, 2 * expected)
    this.#lastTick = now
  }

  /** Begins anew: the peer has shown in another way that it is there. */
  heard(now: number): void {
    this.#ms = 0
    this.#lastTick = now
  }
}
