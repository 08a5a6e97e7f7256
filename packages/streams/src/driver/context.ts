import { componentLogger, createTicketCache, shortId, validateTickets } from '@mosaik/core'
import type { Clock, CloseReason, Endpoint, Logger, PeerId, Prng } from '@mosaik/core'
import type { Discovery, PeerEntry } from '@mosaik/discovery'
import type { Rules } from '../config.ts'
import type { PeerView } from '../types.ts'
import { StreamCloseReasons } from '../wire/protocol.ts'
import type { ChannelContext } from './channel.ts'
import { StreamMetrics } from './metrics.ts'
import { TicketRefusals } from './ticket-refusals.ts'

/** What rules and tickets say of a peer: fine until then (ms since the epoch), or refused with this. */
export type Judgement =
  | { readonly allowed: true; readonly until: number | 'never' }
  | { readonly allowed: false; readonly reason: CloseReason }

/** A timer that is longer is set again in between: clocks step, and so do expirations. */
const LONGEST_TIMER_MS = 60 * 60 * 1000

/** One node's discovery as streams use it. */
export class NodeContext implements ChannelContext {
  readonly discovery: Discovery
  readonly endpoint: Endpoint
  readonly clock: Clock
  readonly prng: Prng
  readonly logger: Logger
  readonly metrics: StreamMetrics
  readonly ticketRefusals: TicketRefusals
  readonly #tickets = createTicketCache()
  readonly #syncs = new Map<PeerId, Promise<boolean>>()

  constructor(discovery: Discovery) {
    this.discovery = discovery
    this.endpoint = discovery.endpoint
    this.clock = this.endpoint.clock
    this.prng = this.endpoint.prng
    this.logger = componentLogger(this.endpoint.logger, 'mosaik:streams')
    this.metrics = new StreamMetrics(this.endpoint.metrics, shortId(this.endpoint.networkId))
    this.ticketRefusals = new TicketRefusals(this.logger, this.metrics)
  }

  /** The newest entry of a peer, or of this node. */
  entryOf(peerId: PeerId): PeerEntry | undefined {
    const catalog = this.discovery.catalog.value
    return peerId === this.endpoint.id ? catalog.me : catalog.get(peerId)
  }

  rttOf(peerId: PeerId): number | undefined {
    return peerId === this.endpoint.id ? 0 : this.discovery.rtt(peerId)
  }

  viewOf(entry: PeerEntry): PeerView {
    return { ...entry, rtt: this.rttOf(entry.peerId) }
  }

  /** Does this peer satisfy every rule and every validator now? A rule that throws says no. Tells of tickets that it refuses. */
  judge(rules: Rules, entry: PeerEntry): Judgement {
    return this.#decide(rules, entry, (error) => this.ticketRefusals.tell(rules, entry, error))
  }

  /** The same for a question that decides nothing yet. */
  allows(rules: Rules, entry: PeerEntry): boolean {
    return this.#decide(rules, entry, () => {}).allowed
  }

  #decide(rules: Rules, entry: PeerEntry, onTickets: (error: unknown) => void): Judgement {
    if (rules.require.length > 0) {
      const view = this.viewOf(entry)
      for (const rule of rules.require) {
        try {
          if (rule(view) !== true) return refused('its entry does not satisfy `require`')
        } catch (error) {
          this.logger.warn('a require rule threw for %s, which is refused: %o', entry.peerId, error)
          return refused('`require` failed')
        }
      }
    }
    if (rules.tickets.length === 0) return { allowed: true, until: 'never' }
    try {
      const holder = { peerId: entry.peerId, networkId: entry.networkId, now: this.clock.now() }
      return { allowed: true, until: validateTickets(rules.tickets, entry.tickets, holder, this.#tickets) }
    } catch (error) {
      onTickets(error)
      return refused(error instanceof Error ? error.message : String(error))
    }
  }

  /** Runs `task` when a judgement has to be made anew. Returns what cancels it. */
  atExpiry(until: number | 'never', task: () => void): () => void {
    if (until === 'never') return () => {}
    return this.clock.after(Math.min(Math.max(until - this.clock.now(), 1), LONGEST_TIMER_MS), task)
  }

  /** Sees to it that the round trip has been measured (at most 1 s) and is measured again from time to time, if any rule might ask for it. */
  async measured(rules: Rules, peerId: PeerId): Promise<void> {
    if (rules.require.length === 0 || peerId === this.endpoint.id) return
    await this.discovery.measureRtt(peerId).catch((error: unknown) => this.logger.debug('no round trip to %s: %o', peerId, error))
  }

  /** One sync with a peer at a time, whoever asks. False when it failed. */
  sync(peerId: PeerId): Promise<boolean> {
    const running = this.#syncs.get(peerId)
    if (running !== undefined) return running
    const sync = this.#syncOnce(peerId).finally(() => this.#syncs.delete(peerId))
    this.#syncs.set(peerId, sync)
    return sync
  }

  async #syncOnce(peerId: PeerId): Promise<boolean> {
    try {
      await this.discovery.syncWith(peerId)
      return true
    } catch (error) {
      this.logger.debug('sync with %s failed: %o', peerId, error)
      return false
    }
  }
}

function refused(detail: string): Judgement {
  return { allowed: false, reason: { ...StreamCloseReasons.NotAllowed, detail } }
}
