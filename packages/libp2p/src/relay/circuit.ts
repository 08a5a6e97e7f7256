import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { serviceDependencies } from '@libp2p/interface'
import type { PeerId as Libp2pPeerId, Transport } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'
import type { Components } from '../seam.ts'

const NAME = '@libp2p/circuit-relay-v2-transport'
/** Reservations that may be asked for at the same time. With libp2p's default of one, the first success cancels the rest. */
export const MAX_SERVERS = 16
const RESERVE_TIMEOUT = 5_000
/** Relayed connections that may be open at once, each way. */
const MAX_STOP_STREAMS = 1_024

/** Who holds a slot for us at a relay, in libp2p's words. */
export interface ReservationStore extends EventTarget {
  addRelay(peer: Libp2pPeerId, type: 'configured'): Promise<unknown>
  hasReservation(peer: Libp2pPeerId): boolean
  getReservation(peer: Libp2pPeerId): { readonly addrs: readonly Uint8Array[] } | undefined
}

/**
 * libp2p's circuit relay v2 transport: dials `…/p2p-circuit/p2p/<id>` and takes relayed connections. Every endpoint
 * has it, so that peers behind a relay can be reached; reservations are made in `client.ts` only.
 */
export function circuitTransport(components: Components): Transport {
  // Asked for a connection by a relay that we hold no slot at, libp2p would reserve one there. Nobody else decides that.
  const guarded = new Proxy(components, {
    get: (target, key) => (key === 'transportManager' ? { listen: refuseListen, getTransports: () => [] } : target[key]),
  })
  const transport = circuitRelayTransport({
    reservationConcurrency: MAX_SERVERS,
    reservationCompletionTimeout: RESERVE_TIMEOUT,
    maxInboundStopStreams: MAX_STOP_STREAMS,
    maxOutboundStopStreams: MAX_STOP_STREAMS,
  })(guarded)
  // It needs identify to search for relays, which it is never asked to do.
  Object.defineProperty(transport, serviceDependencies, { value: [] })
  return transport
}

async function refuseListen(): Promise<never> {
  throw new Error('relays are used when the endpoint was told to')
}

/** The reservations of a running node. */
export function reservationsOf(libp2p: Libp2p): ReservationStore {
  const { components } = libp2p as unknown as { readonly components: { readonly transportManager: { getTransports(): Transport[] } } }
  const transport = components.transportManager.getTransports().find((candidate) => candidate[Symbol.toStringTag] === NAME)
  if (transport === undefined) throw new Error('the node was built without the circuit relay transport')
  return (transport as unknown as { readonly reservationStore: ReservationStore }).reservationStore
}
