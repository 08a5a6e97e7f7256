import { deriveId } from '@mosaik/core'
import type { CloseReason, NetworkId } from '@mosaik/core'

export const SYNC_PROTOCOL = '/mosaik/discovery/sync/1.0'
export const PING_PROTOCOL = '/mosaik/discovery/ping/1.0'

/** The gossip topic of a network. It does not reveal the network id. */
export function announceTopic(networkId: NetworkId): string {
  return `/mosaik/${deriveId(networkId, 'announce')}/announce/1.0`
}

/** Close reason of discovery's own: the clocks are so far apart that neither side would take anything from the other. */
export const ClockSkew: CloseReason = Object.freeze({ code: 20_408, name: 'ClockSkew' })
