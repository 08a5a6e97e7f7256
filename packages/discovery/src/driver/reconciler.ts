import { backoff, sleep } from '@mosaik/core'
import type { PeerId } from '@mosaik/core'
import { CalmCounter, sample } from '../logic/schedule.ts'
import type { NodeContext } from './context.ts'
import type { Syncer } from './syncer.ts'

/** Comparisons with new neighbours per announce interval; equal catalogs make them cheap, many neighbours do not make them many. */
const GREETINGS = 8
/** A new neighbour is compared with after a moment: often whoever dialled does it at once. */
const GREET_MS = 100
/** News from a comparison is passed on to this many neighbours, after a moment in which more may come. */
const SPREAD = 2
const SPREAD_MS = 100
const MAX_RECENT = 1024
const SETTLING_IN = { initial: 500, factor: 2, max: 60_000, jitter: 0.25 }
const SETTLING_ROUNDS = 5
/** What is announced at the same moment has time to arrive before catalogs are compared, so that they are equal. */
const SETTLE_MS = 500

/**
 * Decides with whom catalogs are compared: new neighbours, one neighbour at random now and then (after news at every
 * announce interval), and two more after a comparison brought news of others. Never everyone: what everyone must know travels by announcements.
 */
export class Reconciler {
  readonly #node: NodeContext
  readonly #syncer: Syncer
  readonly #neighbours: () => ReadonlySet<PeerId>
  /** When catalogs were last compared with a peer, by either side; monotonic. */
  readonly #compared = new Map<PeerId, number>()
  readonly #calm = new CalmCounter()
  #greetings = 0
  /** Which settling-in is the latest one. */
  #round = 0
  #spreading = false

  constructor(node: NodeContext, syncer: Syncer, neighbours: () => ReadonlySet<PeerId>) {
    this.#node = node
    this.#syncer = syncer
    this.#neighbours = neighbours
  }

  /** Somebody came, left or said something new; a renewal is no news. */
  news(): void {
    this.#calm.news()
  }

  tick(): void {
    this.#greetings = 0
    if (!this.#calm.tick()) return
    this.#after(Math.min(SETTLE_MS, this.#node.config.announceInterval / 4), () => this.#compareWithSome(1))
  }

  /**
   * This node was alone and is not any more. Others may be arriving at the same moment, and gossip between them is only
   * being set up: some comparisons in the next seconds, at growing intervals, bring what was announced too early to be heard.
   */
  settleIn(): void {
    const round = ++this.#round
    const { endpoint, config, scope } = this.#node
    scope.spawn(async (signal) => {
      const pauses = backoff(SETTLING_IN, endpoint.prng).take(SETTLING_ROUNDS)
      for (const pause of pauses) {
        if (pause >= config.announceInterval) return
        await sleep(endpoint.clock, pause, { signal })
        if (this.#round !== round) return
        this.#compareWithSome(1)
      }
    })
  }

  /** One of the two sides is enough. */
  greet(peer: PeerId): void {
    const { endpoint } = this.#node
    if (endpoint.id > peer || this.#greetings >= GREETINGS) return
    this.#greetings++
    const metAt = endpoint.clock.monotonic()
    this.#after(GREET_MS, () => {
      if ((this.#compared.get(peer) ?? Number.NEGATIVE_INFINITY) < metAt) this.#compareWith(peer)
    })
  }

  /** Catalogs have been compared with `peer`; that brought news of so many others. */
  compared(peer: PeerId, news: number): void {
    this.#compared.delete(peer)
    this.#compared.set(peer, this.#node.endpoint.clock.monotonic())
    for (const oldest of this.#compared.keys()) {
      if (this.#compared.size <= MAX_RECENT) break
      this.#compared.delete(oldest)
    }
    if (news === 0 || this.#spreading) return
    this.#spreading = true
    this.#after(SPREAD_MS, () => {
      this.#spreading = false
      this.#compareWithSome(SPREAD, peer)
    })
  }

  #compareWithSome(count: number, except?: PeerId): void {
    const others = [...this.#neighbours()].filter((peer) => peer !== except)
    for (const peer of sample(others, count, this.#node.endpoint.prng)) this.#compareWith(peer)
  }

  #compareWith(peer: PeerId): void {
    if (!this.#syncer.isSyncing(peer)) this.#node.scope.spawn(() => this.#syncer.trySync(peer))
  }

  #after(ms: number, task: () => void): void {
    const { clock, prng } = this.#node.endpoint
    const cancel = clock.after(ms * (1 + prng.float()), () => {
      forget()
      task()
    })
    const forget = this.#node.scope.add(cancel)
  }
}
