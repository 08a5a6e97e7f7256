import { secretKey } from '@mosaik/node'
import type { NetworkOptions } from '@mosaik/node'
import type { ConnectionOptions } from './flags.ts'

/** What `createNetwork` takes for these flags: identity, where to listen, whom to dial, through whom to be dialled, tags. The name is `networkId`. */
export function networkOptionsOf({ secret, listen, peers, relays, tags }: ConnectionOptions): NetworkOptions {
  return {
    ...(secret !== undefined && { secretKey: secretKey(secret) }),
    ...(listen.length > 0 && { listen }),
    ...(relays.length > 0 && { relay: { servers: relays } }),
    discovery: { bootstrap: [...peers], tags: [...tags] },
  }
}
