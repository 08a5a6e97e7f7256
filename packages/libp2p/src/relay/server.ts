import type { PeerId } from '@mosaik/core'
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { start, stop } from '@libp2p/interface'
import type { PeerId as Libp2pPeerId } from '@libp2p/interface'
import { componentsOf } from '../node-components.ts'
import type { Host } from '../seam.ts'

/**
 * What one relay carries at most. Time and volume per connection are not limited (libp2p's 2 min and 128 KiB suit public
 * relays, and would cut a stream of data); the number of peers and of connections is.
 */
const LIMITS = {
  /** Peers that are reachable through this node. */
  reservations: 512,
  /** How long a slot is held without being renewed, ms. It ends with the peer's connection, too. */
  reservationTtl: 60 * 60_000,
  /** Relayed connections, in all and per peer that holds a slot. */
  connections: 1_024,
  /** How long asking for a slot or a connection may take, ms. */
  hopTimeout: 10_000,
} as const
/** A peer may ask in the same breath in which it connects: its hello has this long to be answered, ms. */
const VERIFY_TIMEOUT = 3_000

/** Relays for peers of the network (`relay: { serve: true }`), and for nobody else. */
export async function createRelayServer(host: Host): Promise<{ close(): Promise<void> }> {
  const denied = async (asking: Libp2pPeerId): Promise<boolean> => {
    const peer = asking.toString() as PeerId
    const signal = AbortSignal.any([host.signal, AbortSignal.timeout(VERIFY_TIMEOUT)])
    return host.connections
      .until((peers) => peers.has(peer), { signal })
      .then(
        () => false,
        () => true,
      )
  }
  const components = componentsOf(host.libp2p)
  const server = circuitRelayServer({
    hopTimeout: LIMITS.hopTimeout,
    reservations: { maxReservations: LIMITS.reservations, reservationTtl: LIMITS.reservationTtl, applyDefaultLimit: false },
    maxInboundHopStreams: LIMITS.connections,
    maxOutboundHopStreams: LIMITS.connections,
    maxOutboundStopStreams: LIMITS.connections,
  })({
    peerId: components.peerId,
    privateKey: components.privateKey,
    peerStore: components.peerStore,
    registrar: components.registrar,
    addressManager: components.addressManager,
    connectionManager: components.connectionManager,
    connectionGater: { denyInboundRelayReservation: denied, denyOutboundRelayedConnection: denied },
    logger: components.logger,
  })
  await start(server)
  // libp2p would keep the slot of a peer that left until it runs out; peers that come and go would use them all up.
  const remove = host.onLost((peer) => {
    for (const holder of server.reservations.keys()) if (holder.toString() === peer) server.reservations.delete(holder)
  })
  return {
    async close() {
      remove()
      await stop(server)
    },
  }
}
