import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import type { Components } from '../seam.ts'

/**
 * What one relay carries at most. Time and volume per connection are not limited (libp2p's 2 min and 128 KiB suit public
 * relays, and would cut a stream of data); the number of peers and of connections is.
 */
export const RELAY_LIMITS = {
  /** Peers that are reachable through this node. */
  reservations: 512,
  /** How long a slot is held without being renewed, ms. */
  reservationTtl: 60 * 60_000,
  /** Relayed connections, in all and per peer that holds a slot. */
  connections: 1_024,
  /** How long asking for a slot or a connection may take, ms. */
  hopTimeout: 10_000,
} as const

/** The service that relays for others (`relay: { serve: true }`). */
export function relayServer(components: Components): unknown {
  return circuitRelayServer({
    hopTimeout: RELAY_LIMITS.hopTimeout,
    reservations: { maxReservations: RELAY_LIMITS.reservations, reservationTtl: RELAY_LIMITS.reservationTtl, applyDefaultLimit: false },
    maxInboundHopStreams: RELAY_LIMITS.connections,
    maxOutboundHopStreams: RELAY_LIMITS.connections,
    maxOutboundStopStreams: RELAY_LIMITS.connections,
  })(components)
}
