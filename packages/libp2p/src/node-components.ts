import type { Libp2p } from 'libp2p'
import type { GossipSubComponents } from '@libp2p/gossipsub'
import type { IdentifyComponents } from '@libp2p/identify'
import type { KadDHTComponents } from '@libp2p/kad-dht'
import type { MulticastDNSComponents } from '@libp2p/mdns'
import type { PingComponents } from '@libp2p/ping'
import type { UPnPNATComponents } from '@libp2p/upnp-nat'

/** The inner parts of a libp2p node that its services are built from. */
export type NodeComponents = GossipSubComponents &
  IdentifyComponents &
  Omit<KadDHTComponents, 'ping'> &
  MulticastDNSComponents &
  PingComponents &
  UPnPNATComponents

/** libp2p's object carries them without declaring it. Services that come and go while the node runs are built from them. */
export function componentsOf(libp2p: Libp2p): NodeComponents {
  return (libp2p as unknown as { readonly components: NodeComponents }).components
}
