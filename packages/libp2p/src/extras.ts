import { MosaikError } from '@mosaik/core'
import type { Extras, Host, NodeParts } from './seam.ts'
import type { ResolvedOptions } from './options.ts'

/** What gossip, rendezvous, relay and mDNS add to the libp2p node. */
export function nodeParts(_options: ResolvedOptions): NodeParts {
  return {}
}

/** Starts gossip and rendezvous on a running node. */
export async function attachExtras(_host: Host): Promise<Extras> {
  const absent = (): never => {
    throw new MosaikError('ERR_OFFLINE', 'gossip and rendezvous are not available on this endpoint')
  }
  return { gossip: { join: absent }, rendezvous: { join: async () => absent(), onLocalPeer: () => () => undefined }, close: async () => undefined }
}
