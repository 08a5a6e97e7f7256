import type { PeerId } from '@mosaik/core'

/** With fewer connections than this a node looks for more neighbours than the next one on the ring. */
const ENOUGH = 4
/** With more connections than this it gives those up again. In between it leaves things as they are. */
const MANY = 5
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
 * Whom a node keeps a connection to, so that gossip holds together without everyone being connected to everyone: always
 * the next peer on the ring of keys (which alone connects all nodes), and, while it has few connections, one or two far away at
 * distances that are others for every node (which makes ways short: a small world) and the one after the next. Every
 * connection costs heartbeats for ever, so those that are there anyway, made by others or for streams, count: an idle node has
 * four or five. Peers in `avoid` (not reachable of late) are passed over.
 */
export function wantedNeighbours(
  selfKey: string,
  peers: Iterable<RingPeer>,
  avoid: (peerId: PeerId) => boolean,
  connected: ReadonlySet<PeerId>,
): PeerId[] {
  const self = placeOf(selfKey)
  const candidates = [...peers]
    .filter(({ peerId }) => !avoid(peerId))
    .map(({ peerId, key }) => ({ peerId, distance: distanceFrom(self, key) }))
    .sort((a, b) => a.distance - b.distance || (a.peerId < b.peerId ? -1 : 1))
  const far = (digits: number): PeerId | undefined => {
    const reach = NEAR + (placeOf(selfKey.slice(digits)) / RING) * (RING - 2 * NEAR)
    return candidates.find(({ distance }) => distance >= reach)?.peerId
  }
  const [next, second] = candidates
  if (next === undefined) return []
  const wanted = new Set([next.peerId])
  let count = connected.size + (connected.has(next.peerId) ? 0 : 1)
  for (const peer of [far(PLACE_DIGITS), second?.peerId, far(2 * PLACE_DIGITS)]) {
    if (peer === undefined || wanted.has(peer)) continue
    const isThere = connected.has(peer)
    if (isThere ? count > MANY : count >= ENOUGH) continue
    wanted.add(peer)
    if (!isThere) count++
  }
  return [...wanted]
}

function placeOf(key: string): number {
  return Number.parseInt(key.slice(0, PLACE_DIGITS), 16)
}

function distanceFrom(place: number, key: string): number {
  return (placeOf(key) - place + RING) % RING
}
