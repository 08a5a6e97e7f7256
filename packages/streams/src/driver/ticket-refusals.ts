import type { Logger, PeerId } from '@mosaik/core'
import type { PeerEntry } from '@mosaik/discovery'
import type { Rules } from '../config.ts'
import { sameContent } from '../logic/entries.ts'
import { refusalName } from '../logic/refusal-name.ts'
import type { StreamMetrics } from './metrics.ts'

/** Names that get a series of their own; validators are the application's, and may make up names without end. */
const MAX_NAMES = 64

/** What was told of one peer, for as long as its entry says the same. */
interface Told {
  readonly entry: PeerEntry
  readonly names: WeakMap<Rules, string>
}

/**
 * Makes refused tickets visible: the reason in words in the log, its name in a counter. Each is told once for each end
 * and content of the peer's entry, however often it is judged; an expiry later is told as well.
 */
export class TicketRefusals {
  readonly #logger: Logger
  readonly #metrics: StreamMetrics
  readonly #told = new Map<PeerId, Told>()
  readonly #names = new Set<string>()

  constructor(logger: Logger, metrics: StreamMetrics) {
    this.#logger = logger
    this.#metrics = metrics
  }

  tell(rules: Rules, entry: PeerEntry, error: unknown): void {
    const name = refusalName(error)
    const { names } = this.#toldOf(entry)
    if (names.get(rules) === name) return
    names.set(rules, name)
    this.#metrics.ticketsRefused(this.#bounded(name)).add()
    this.#logger.info('tickets of %s were refused (%s): %s', entry.peerId, name, error instanceof Error ? error.message : String(error))
  }

  /** The peer has left. */
  forget(peerId: PeerId): void {
    this.#told.delete(peerId)
  }

  #toldOf(entry: PeerEntry): Told {
    const known = this.#told.get(entry.peerId)
    const told = known !== undefined && sameContent(known.entry, entry) ? known : { entry, names: new WeakMap<Rules, string>() }
    this.#told.set(entry.peerId, told)
    return told
  }

  #bounded(name: string): string {
    if (this.#names.size < MAX_NAMES) this.#names.add(name)
    return this.#names.has(name) ? name : 'other'
  }
}
