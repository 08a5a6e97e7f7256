import { deriveId } from '../id/unique-id.ts'
import type { NetworkId, PeerId, UniqueId } from '../id/types.ts'

/**
 * What two peers show each other to prove that they mean the same network, without naming it: the id derived from
 * the network id and their peer ids, the one that opened the conversation first. It fits no other pair and no other direction.
 */
export function networkProof(networkId: NetworkId, dialer: PeerId, acceptor: PeerId): UniqueId {
  return deriveId(networkId, dialer + acceptor)
}
