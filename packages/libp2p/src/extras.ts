import { createGossip } from './gossip/gossip.ts'
import { createPortMapping } from './nat.ts'
import type { ResolvedOptions } from './options.ts'
import { circuitTransport } from './relay/circuit.ts'
import { createRelayClient } from './relay/client.ts'
import { createRelayServer } from './relay/server.ts'
import { createUpgrades } from './relay/upgrade.ts'
import { createRendezvous } from './rendezvous/rendezvous.ts'
import type { Extras, Host, NodeParts } from './seam.ts'

/** Whatever is still stopping after this time is left to end by itself, ms. */
const CLOSE_TIMEOUT = 400

/** What has to be in the libp2p node before it starts. Everything else is added while it runs. */
export function nodeParts(_options: ResolvedOptions): NodeParts {
  return { transports: [circuitTransport] }
}

/** Starts gossip, rendezvous, relaying, direct upgrades and port mapping on a running node. */
export async function attachExtras(host: Host): Promise<Extras> {
  const { relay, upnp } = host.options
  const parts: { close(): Promise<void> }[] = []
  const started = <Part extends { close(): Promise<void> }>(part: Part): Part => {
    parts.unshift(part)
    return part
  }
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    const late = Promise.withResolvers<void>()
    const cancel = host.clock.after(CLOSE_TIMEOUT, late.resolve)
    await Promise.race([Promise.allSettled(parts.map((part) => part.close())), late.promise])
    cancel()
  }
  try {
    const { gossip } = started(await createGossip(host))
    const { rendezvous } = started(await createRendezvous(host))
    started(await createUpgrades(host))
    if (typeof relay === 'object' && 'serve' in relay) started(await createRelayServer(host))
    if (typeof relay === 'object' && 'servers' in relay) started(createRelayClient(host, relay.servers))
    if (upnp) started(await createPortMapping(host))
    return { gossip, rendezvous, close: () => (closing ??= close()) }
  } catch (error) {
    await close()
    throw error
  }
}
