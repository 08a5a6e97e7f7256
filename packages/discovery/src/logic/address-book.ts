import { splitAddress } from '@mosaik/core'
import type { PeerId } from '@mosaik/core'

const MAX_PEERS = 64
const MAX_ADDRESSES = 4

/**
 * Where to look when nobody is there: bootstrap addresses, kept for ever, and the last known addresses of the peers
 * that were met or lost most recently. It outlives the catalog, so that two halves of a network that have forgotten each
 * other still find together again.
 */
export class AddressBook {
  readonly #bootstrap: readonly string[]
  /** By peer id, or by the address while nobody knows who is there. Least recently remembered first. */
  readonly #known = new Map<string, readonly string[]>()
  /** Who answered at an address that does not say whose it is. */
  readonly #owners = new Map<string, PeerId>()

  constructor(bootstrap: readonly string[]) {
    this.#bootstrap = bootstrap
  }

  remember(peer: PeerId | undefined, addresses: readonly string[]): void {
    const first = addresses[0]
    if (first === undefined) return
    const key = peer ?? splitAddress(first).peerId ?? first
    this.#known.delete(key)
    this.#known.set(key, addresses.slice(0, MAX_ADDRESSES))
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_PEERS) break
      this.#known.delete(oldest)
    }
  }

  /** Somebody answered at this address. */
  answered(address: string, peer: PeerId): void {
    this.#known.delete(address)
    this.remember(peer, [address])
    if (this.#bootstrap.includes(address)) this.#owners.set(address, peer)
  }

  /** Who has departed is not looked for; a bootstrap address still is. */
  forget(peer: PeerId): void {
    this.#known.delete(peer)
  }

  /** Every address of the bootstrap list, and of the remembered, whose owner is unknown or `isMissing`. */
  lost(isMissing: (peer: PeerId) => boolean): { readonly bootstrap: string[]; readonly remembered: string[] } {
    const isLost = (address: string): boolean => {
      const owner = splitAddress(address).peerId ?? this.#owners.get(address)
      return owner === undefined || isMissing(owner)
    }
    return {
      bootstrap: this.#bootstrap.filter(isLost),
      remembered: [...this.#known].flatMap(([key, addresses]) => (isMissing(key as PeerId) ? addresses.filter(isLost) : [])),
    }
  }
}
