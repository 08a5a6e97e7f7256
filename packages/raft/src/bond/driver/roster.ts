import type { PeerId } from '@mosaik/core'
import type { PeerEntry } from '@mosaik/discovery'
import { hasSameTickets, isSameOffer } from '../logic/offer.ts'
import type { BondContext } from './context.ts'

/** What bonds are told of the catalog and the connections. */
export interface RosterFollower {
  /** A peer's entry is new, says something else, or is gone. */
  onEntry(peerId: PeerId, entry: PeerEntry | undefined, before: PeerEntry | undefined): void
  /** The own tickets are others: whoever refused may think otherwise now. */
  onOwnTickets(): void
  onConnected(peerId: PeerId): void
}

/** Follows the catalog and the connections, for all groups at once. */
export class Roster {
  readonly #context: BondContext
  readonly #follower: RosterFollower
  readonly #known = new Map<PeerId, PeerEntry>()
  #me: PeerEntry
  #connected: ReadonlySet<PeerId>

  constructor(context: BondContext, follower: RosterFollower) {
    this.#context = context
    this.#follower = follower
    this.#me = context.discovery.catalog.value.me
    this.#connected = context.endpoint.connections.value
    for (const entry of context.discovery.catalog.value) this.#known.set(entry.peerId, entry)
  }

  /** Everyone in the catalog, as far as has been told. */
  get entries(): Iterable<PeerEntry> {
    return this.#known.values()
  }

  /** Ends when `signal` aborts, or with discovery. */
  async follow(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#followCatalog(signal), this.#followConnections(signal)])
  }

  async #followCatalog(signal: AbortSignal): Promise<void> {
    for (;;) {
      this.#refresh()
      await this.#context.discovery.catalog.changed({ signal })
    }
  }

  async #followConnections(signal: AbortSignal): Promise<void> {
    const { connections } = this.#context.endpoint
    for (;;) {
      const before = this.#connected
      this.#connected = connections.value
      for (const peerId of this.#connected) if (!before.has(peerId)) this.#follower.onConnected(peerId)
      await connections.changed({ signal })
    }
  }

  #refresh(): void {
    const catalog = this.#context.discovery.catalog.value
    for (const entry of catalog) {
      const before = this.#known.get(entry.peerId)
      if (before === entry) continue
      this.#known.set(entry.peerId, entry)
      if (before === undefined || !isSameOffer(before, entry)) this.#follower.onEntry(entry.peerId, entry, before)
    }
    if (catalog.size < this.#known.size) this.#drop((peerId) => catalog.has(peerId))
    const me = this.#me
    this.#me = catalog.me
    if (!hasSameTickets(me, catalog.me)) this.#follower.onOwnTickets()
  }

  #drop(isThere: (peerId: PeerId) => boolean): void {
    for (const [peerId, before] of this.#known) {
      if (isThere(peerId)) continue
      this.#known.delete(peerId)
      this.#follower.onEntry(peerId, undefined, before)
    }
  }
}
