import type { PeerId } from '@mosaik/core'
import type { PeerEntry } from '@mosaik/discovery'
import { sameContent, updateKnown } from '../logic/entries.ts'
import type { EntryChange } from '../logic/entries.ts'
import type { NodeContext } from './context.ts'

/** What the ends of a node are told of the catalog. */
export interface RosterFollower {
  /** One peer's entry is new, changed or gone. The own node's too. */
  onEntry(change: EntryChange): void
  /** The own entry says something else than before: whoever refused may think otherwise now. */
  onOwnNews(): void
  /** Something happened; round trips may be different. */
  onCatalog(): void
  /** A connection to these peers was made. */
  onConnected(peerId: PeerId): void
}

/** Follows the catalog and the connections, for all ends of a node at once. */
export class Roster {
  readonly #context: NodeContext
  readonly #follower: RosterFollower
  readonly #known = new Map<PeerId, PeerEntry>()
  #me: PeerEntry
  #connected: ReadonlySet<PeerId>

  constructor(context: NodeContext, follower: RosterFollower) {
    this.#context = context
    this.#follower = follower
    this.#me = context.discovery.catalog.value.me
    this.#connected = context.endpoint.connections.value
    updateKnown(this.#known, context.discovery.catalog.value)
  }

  /** Everyone in the catalog; the own node is not among them. */
  get entries(): Iterable<PeerEntry> {
    return this.#known.values()
  }

  /** Ends when `signal` aborts or discovery closes. */
  async follow(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#followCatalog(signal), this.#followConnections(signal)])
  }

  async #followCatalog(signal: AbortSignal): Promise<void> {
    const { catalog } = this.#context.discovery
    for (;;) {
      this.refresh()
      await catalog.changed({ signal })
    }
  }

  async #followConnections(signal: AbortSignal): Promise<void> {
    const { connections } = this.#context.endpoint
    for (;;) {
      const now = connections.value
      const before = this.#connected
      this.#connected = now
      for (const peerId of now) if (!before.has(peerId)) this.#follower.onConnected(peerId)
      await connections.changed({ signal })
    }
  }

  /** Tells of everything that is new by now. */
  refresh(): void {
    const catalog = this.#context.discovery.catalog.value
    for (const change of updateKnown(this.#known, catalog)) this.#follower.onEntry(change)
    const before = this.#me
    if (catalog.me !== before) {
      this.#me = catalog.me
      this.#follower.onEntry({ peerId: catalog.me.peerId, entry: catalog.me })
      if (!sameContent(before, catalog.me)) this.#follower.onOwnNews()
    }
    this.#follower.onCatalog()
  }
}
