import type { PeerId } from '@mosaik/core'

const FIRST_REST_MS = 200
const LONGEST_REST_MS = 5_000

interface Source {
  /** Parts that it has been asked for. */
  asked: number
  /** In a row. */
  failures: number
  restsUntil: number
  /** Its last answer was that it has nothing. */
  isGone: boolean
}

/** Who may be asked for a snapshot: those who fail rest for ever longer, and the leader comes last. */
export class SnapshotSources {
  readonly #peers: () => readonly PeerId[]
  readonly #leader: () => PeerId | undefined
  readonly #sources = new Map<PeerId, Source>()
  #turn = 0

  constructor(peers: () => readonly PeerId[], leader: () => PeerId | undefined) {
    this.#peers = peers
    this.#leader = leader
  }

  /** Whoever has least to do; in turns among equals. Counts as asked. */
  pick(now: number): PeerId | undefined {
    const ready = this.#peers().filter((peer) => this.#of(peer).restsUntil <= now)
    const leader = this.#leader()
    const others = ready.filter((peer) => peer !== leader)
    const from = others.length > 0 ? others : ready
    if (from.length === 0) return undefined
    this.#turn++
    let best = from[this.#turn % from.length] as PeerId
    for (const peer of from) if (this.#of(peer).asked < this.#of(best).asked) best = peer
    this.#of(best).asked++
    return best
  }

  /** When the first of those who rest may be asked again. */
  nextAt(): number | undefined {
    const rests = this.#peers().map((peer) => this.#of(peer).restsUntil)
    return rests.length === 0 ? undefined : Math.min(...rests)
  }

  /** Everybody who is there has said that it has nothing. */
  get areAllGone(): boolean {
    const peers = this.#peers()
    return peers.length > 0 && peers.every((peer) => this.#of(peer).isGone)
  }

  answered(peer: PeerId): void {
    const source = this.#of(peer)
    source.asked = Math.max(0, source.asked - 1)
    source.failures = 0
    source.isGone = false
  }

  failed(peer: PeerId, now: number, isGone: boolean): void {
    const source = this.#of(peer)
    source.asked = Math.max(0, source.asked - 1)
    source.isGone = isGone
    // What was under way when it began to rest is the same failure.
    if (source.restsUntil > now) return
    source.restsUntil = now + Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** source.failures)
    source.failures++
  }

  #of(peer: PeerId): Source {
    const known = this.#sources.get(peer)
    if (known !== undefined) return known
    const source: Source = { asked: 0, failures: 0, restsUntil: 0, isGone: false }
    this.#sources.set(peer, source)
    return source
  }
}
