import { splitAddress } from '@mosaik/core'
import type { PeerId } from '@mosaik/core'

const MAX_PEERS = 64
const MAX_ADDRESSES = 4
const MAX_MET = 1024

/** Where somebody may be who is missing. */
export interface Lost {
  readonly bootstrap: readonly string[]
  /** Of those who were met, or named by the user. */
  readonly known: readonly string[]
  readonly heardOf: readonly string[]
}

/** Addresses by peer id, or by the address while nobody knows who is there. Least recently remembered first. */
type Pages = Map<string, readonly string[]>

/**
 * Where to look when nobody is there: bootstrap addresses, kept for ever, and the last known addresses of the peers
 * that were met or lost most recently. It outlives the catalog, so that two halves of a network that have forgotten each
 * other still find together again.
 */
export class AddressBook {
  readonly #bootstrap: readonly string[]
  /** Who was met, or named by the user. */
  readonly #known: Pages = new Map()
  /** Who was only heard of. Apart, because anybody can make up as many entries as he likes. */
  readonly #heardOf: Pages = new Map()
  readonly #met = new Set<PeerId>()
  /** Who answered at an address that does not say whose it is. */
  readonly #owners = new Map<string, PeerId>()

  constructor(bootstrap: readonly string[]) {
    this.#bootstrap = bootstrap
  }

  /** Somebody whom the user has named, or who has answered. */
  remember(peer: PeerId | undefined, addresses: readonly string[]): void {
    const first = addresses[0]
    if (first !== undefined) write(this.#known, peer ?? splitAddress(first).peerId ?? first, addresses)
  }

  /** This peer has been a neighbour. */
  met(peer: PeerId): void {
    this.#met.delete(peer)
    this.#met.add(peer)
    if (this.#met.size > MAX_MET) this.#met.delete(this.#met.values().next().value as PeerId)
  }

  /** The entry of this peer has expired. */
  lostSight(peer: PeerId, addresses: readonly string[]): void {
    if (addresses.length > 0) write(this.#met.has(peer) || this.#known.has(peer) ? this.#known : this.#heardOf, peer, addresses)
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
    this.#heardOf.delete(peer)
  }

  /** Every address whose owner is unknown or `isMissing`. */
  lost(isMissing: (peer: PeerId) => boolean): Lost {
    const isLost = (address: string): boolean => {
      const owner = splitAddress(address).peerId ?? this.#owners.get(address)
      return owner === undefined || isMissing(owner)
    }
    const lostIn = (pages: Pages): string[] =>
      [...pages].flatMap(([key, addresses]) => (isMissing(key as PeerId) ? addresses.filter(isLost) : []))
    return { bootstrap: this.#bootstrap.filter(isLost), known: lostIn(this.#known), heardOf: lostIn(this.#heardOf) }
  }
}

function write(pages: Pages, key: string, addresses: readonly string[]): void {
  pages.delete(key)
  pages.set(key, addresses.slice(0, MAX_ADDRESSES))
  if (pages.size > MAX_PEERS) pages.delete(pages.keys().next().value as string)
}
