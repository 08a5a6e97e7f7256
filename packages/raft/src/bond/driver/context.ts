import { componentLogger, createTicketCache, deadline, MosaikError, shortId, validateTickets } from '@mosaik/core'
import type { Clock, CloseReason, Endpoint, Logger, PeerId, Prng } from '@mosaik/core'
import type { Discovery, PeerEntry } from '@mosaik/discovery'
import { GroupCloseReasons } from '../wire/protocol.ts'
import { BondMeters } from './meters.ts'
import type { Party } from './party.ts'

/** What the tickets of a peer say: fine until then (ms since the epoch), or refused. */
export type Judgement =
  | { readonly allowed: true; readonly until: number | 'never' }
  | { readonly allowed: false; readonly reason: CloseReason }

/** A timer that is longer is set again in between: clocks step, and so do expirations. */
const LONGEST_TIMER_MS = 60 * 60 * 1000
const MAX_SYNCS = 16

/** One node's discovery as bonds use it. */
export class BondContext {
  readonly discovery: Discovery
  readonly endpoint: Endpoint
  readonly clock: Clock
  readonly prng: Prng
  readonly logger: Logger
  readonly meters: BondMeters
  readonly handshakeMs: number
  /** Names this life of the node to its peers. */
  readonly run: bigint
  readonly #tickets = createTicketCache()
  readonly #syncs = new Map<PeerId, Promise<boolean>>()

  constructor(discovery: Discovery, handshakeMs: number) {
    this.discovery = discovery
    this.endpoint = discovery.endpoint
    this.clock = this.endpoint.clock
    this.prng = this.endpoint.prng
    this.logger = componentLogger(this.endpoint.logger, 'mosaik:groups')
    this.meters = new BondMeters(this.endpoint.metrics, shortId(this.endpoint.networkId))
    this.handshakeMs = handshakeMs
    this.run = this.token()
  }

  /** A random number that is not 0. */
  token(): bigint {
    return ((BigInt(this.prng.uint32()) << 32n) | BigInt(this.prng.uint32())) + 1n
  }

  entryOf(peerId: PeerId): PeerEntry | undefined {
    return this.discovery.catalog.value.get(peerId)
  }

  /** Does this entry satisfy every validator of the group now? */
  judge({ validators }: Party, entry: PeerEntry | undefined): Judgement {
    if (validators.length === 0) return { allowed: true, until: 'never' }
    if (entry === undefined) return refused('it is not in the catalog, so its tickets are unknown')
    try {
      const holder = { peerId: entry.peerId, networkId: entry.networkId, now: this.clock.now() }
      return { allowed: true, until: validateTickets(validators, entry.tickets, holder, this.#tickets) }
    } catch (error) {
      return refused(error instanceof Error ? error.message : String(error))
    }
  }

  /** Runs `task` when a judgement has to be made anew. Returns what cancels it. */
  atExpiry(until: number | 'never', task: () => void): () => void {
    if (until === 'never') return () => {}
    return this.clock.after(Math.min(Math.max(until - this.clock.now(), 1), LONGEST_TIMER_MS), task)
  }

  /** One sync with a peer at a time, whoever asks, for at most the time of a handshake. False when it failed. */
  sync(peerId: PeerId): Promise<boolean> {
    const running = this.#syncs.get(peerId)
    if (running !== undefined) return running
    if (this.#syncs.size >= MAX_SYNCS) return Promise.resolve(false)
    const sync = this.#syncOnce(peerId).finally(() => this.#syncs.delete(peerId))
    this.#syncs.set(peerId, sync)
    return sync
  }

  async #syncOnce(peerId: PeerId): Promise<boolean> {
    const late = (): Error => new MosaikError('ERR_TIMEOUT', `the sync with ${peerId} took more than ${this.handshakeMs} ms`)
    try {
      await deadline(this.clock, this.handshakeMs, (signal) => this.discovery.syncWith(peerId, { signal }), late)
      return true
    } catch (error) {
      this.logger.debug('sync with %s failed: %o', peerId, error)
      return false
    }
  }
}

function refused(detail: string): Judgement {
  return { allowed: false, reason: { ...GroupCloseReasons.NotAllowed, detail } }
}
