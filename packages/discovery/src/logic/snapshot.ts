import type { PeerId } from '@mosaik/core'
import type { Catalog, PeerEntry } from '../types.ts'
import { PersistentMap } from './persistent-map.ts'

/** One immutable picture of the catalog; the next one shares what has not changed. */
export class Snapshot implements Catalog {
  readonly me: PeerEntry
  readonly #entries: PersistentMap<PeerId, PeerEntry>

  private constructor(me: PeerEntry, entries: PersistentMap<PeerId, PeerEntry>) {
    this.me = me
    this.#entries = entries
  }

  static alone(me: PeerEntry): Snapshot {
    return new Snapshot(me, PersistentMap.empty())
  }

  /** The next picture; a peer without an entry is not in it. */
  next(me: PeerEntry, changes: Iterable<readonly [PeerId, PeerEntry | undefined]>): Snapshot {
    return new Snapshot(me, this.#entries.with(changes))
  }

  get size(): number {
    return this.#entries.size
  }

  get(peer: PeerId): PeerEntry | undefined {
    return this.#entries.get(peer)
  }

  has(peer: PeerId): boolean {
    return this.#entries.get(peer) !== undefined
  }

  [Symbol.iterator](): Iterator<PeerEntry> {
    return this.#entries.values()
  }
}
