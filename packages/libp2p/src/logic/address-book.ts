import type { PeerId } from '@mosaik/core'

/** Peers remembered, as many as a catalog holds; the one touched longest ago is forgotten first. */
export const MAX_PEERS = 16_384
/** Addresses per peer; the newest win. */
export const MAX_ADDRESSES = 16

/** Where peers may be found. Bounded. */
export interface AddressBook {
  /** The addresses of a peer, without `/p2p/<id>`, the most promising first. */
  get(peer: PeerId): readonly string[]
  /** Puts addresses first, in their order. */
  learn(peer: PeerId, addresses: readonly string[]): void
}

export function createAddressBook(): AddressBook {
  const peers = new Map<PeerId, readonly string[]>()
  return {
    get: (peer) => peers.get(peer) ?? [],
    learn: (peer, addresses) => {
      if (addresses.length === 0) return
      const merged = [...new Set([...addresses, ...(peers.get(peer) ?? [])])].slice(0, MAX_ADDRESSES)
      peers.delete(peer)
      peers.set(peer, merged)
      if (peers.size > MAX_PEERS) peers.delete(peers.keys().next().value as PeerId)
    },
  }
}
