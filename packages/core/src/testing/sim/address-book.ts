import type { PeerId } from '../../id/types.ts'

const MAX_PEERS = 16_384
const MAX_ADDRESSES = 16

/** Where peers may be found. The peers and addresses learnt last are kept. */
export class AddressBook {
  readonly #peers = new Map<PeerId, readonly string[]>()

  /** Addresses without a peer id, the newest first. */
  learn(peer: PeerId, addresses: readonly string[]): void {
    const known = this.#peers.get(peer) ?? []
    this.#peers.delete(peer)
    this.#peers.set(peer, [...new Set([...addresses, ...known])].slice(0, MAX_ADDRESSES))
    if (this.#peers.size > MAX_PEERS) this.#peers.delete(this.#peers.keys().next().value as PeerId)
  }

  of(peer: PeerId): readonly string[] {
    return this.#peers.get(peer) ?? []
  }
}
