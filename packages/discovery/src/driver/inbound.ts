import { CloseReasons, createLink } from '@mosaik/core'
import type { ByteStream, Clock, PeerId } from '@mosaik/core'

/** How many inbound exchanges of a protocol may be open, in all and per peer. */
export interface InboundLimits {
  readonly total: number
  readonly perPeer: number
}

/** Counts open inbound exchanges, so that nobody can take all of a node's attention. */
export class InboundGate {
  readonly #limits: InboundLimits
  readonly #open = new Map<PeerId, number>()
  #total = 0

  constructor(limits: InboundLimits) {
    this.#limits = limits
  }

  /** Answers what gives the place back, or undefined when there is none. */
  enter(peer: PeerId): (() => void) | undefined {
    const open = this.#open.get(peer) ?? 0
    if (this.#total >= this.#limits.total || open >= this.#limits.perPeer) return undefined
    this.#total++
    this.#open.set(peer, open + 1)
    return () => {
      this.#total--
      const left = (this.#open.get(peer) ?? 1) - 1
      if (left === 0) this.#open.delete(peer)
      else this.#open.set(peer, left)
    }
  }
}

/** Ends a stream with `TooManyRequests`. */
export function turnAway(stream: ByteStream, clock: Clock): void {
  createLink(stream, { clock, maxMessageBytes: 0 }).abort(CloseReasons.TooManyRequests)
}
