import type { PeerId } from '@mosaik/core'

const SUCCESSORS = 2
const RING = 2 ** 32
const PLACE_DIGITS = 8
/** The far neighbour is at least this part of the ring away, either way. */
const NEAR = RING / 16

export interface RingPeer {
  readonly peerId: PeerId
  /** Its place is given by the first digits. */
  readonly key: string
}

/**
 * Whom a node keeps a connection to, so that gossip holds together without everyone being connected to everyone:
 * the next two peers on the ring of keys (which alone connect all nodes) and one far away, at a distance that is another
 * one for every node (which makes ways short: a small world). Others choose this node in the same way, so it has about six.
 * Every connection costs heartbeats for ever: there are no more than that. Peers in `avoid` (not reachable of late) are passed over.
 */
export function wantedNeighbours(selfKey: string, peers: Iterable<RingPeer>, avoid: (peerId: PeerId) => boolean): PeerId[] {
  const self = placeOf(selfKey)
  const candidates = [...peers]
    .filter(({ peerId }) => !avoid(peerId))
    .map(({ peerId, key }) => ({ peerId, distance: distanceFrom(self, key) }))
    .sort((a, b) => a.distance - b.distance || (a.peerId < b.peerId ? -1 : 1))
  const wanted = new Set(candidates.slice(0, SUCCESSORS).map(({ peerId }) => peerId))
  const reach = NEAR + (placeOf(selfKey.slice(PLACE_DIGITS)) / RING) * (RING - 2 * NEAR)
  const far = candidates.find(({ distance }) => distance >= reach)
  if (far !== undefined) wanted.add(far.peerId)
  return [...wanted]
}

function placeOf(key: string): number {
  return Number.parseInt(key.slice(0, PLACE_DIGITS), 16)
}

function distanceFrom(place: number, key: string): number {
  return (placeOf(key) - place + RING) % RING
}
