import type { PeerId } from '@mosaik/core'

/** Distances on the ring, as parts of it, at which a node wants a neighbour besides its successors. */
const FINGERS = [1 / 2, 1 / 4, 1 / 8]
const SUCCESSORS = 2
const RING = 2 ** 32

export interface RingPeer {
  readonly peerId: PeerId
  /** Its place is given by the first digits. */
  readonly key: string
}

/**
 * Whom a node keeps a connection to, so that gossip holds together without everyone being connected to everyone:
 * the next two peers on the ring of keys (which alone connect all nodes) and the first ones after a half, a quarter and
 * an eighth of the ring (which make ways short). At most five; peers in `avoid` (not reachable of late) are passed over.
 */
export function wantedNeighbours(selfKey: string, peers: Iterable<RingPeer>, avoid: (peerId: PeerId) => boolean): PeerId[] {
  const self = placeOf(selfKey)
  const candidates = [...peers]
    .filter(({ peerId }) => !avoid(peerId))
    .map(({ peerId, key }) => ({ peerId, distance: distanceFrom(self, key) }))
    .sort((a, b) => a.distance - b.distance || (a.peerId < b.peerId ? -1 : 1))
  const wanted = new Set(candidates.slice(0, SUCCESSORS).map(({ peerId }) => peerId))
  for (const part of FINGERS) {
    const finger = candidates.find(({ distance }) => distance >= part * RING)
    if (finger !== undefined) wanted.add(finger.peerId)
  }
  return [...wanted]
}

function placeOf(key: string): number {
  return Number.parseInt(key.slice(0, 8), 16)
}

function distanceFrom(place: number, key: string): number {
  return (placeOf(key) - place + RING) % RING
}
