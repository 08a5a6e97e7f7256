import { componentLogger, deriveId } from '@mosaik/core'
import type { NetworkId } from '@mosaik/core'
import { start, stop } from '@libp2p/interface'
import type { PeerDiscovery, PeerInfo } from '@libp2p/interface'
import type { mdns } from '@libp2p/mdns'
import { componentsOf } from '../node-components.ts'
import type { Host } from '../seam.ts'

const INTERVAL = 10_000
/** Peers that are told to whoever starts listening later. */
const MAX_REMEMBERED = 256
const MAX_ADDRESSES = 16

/** The service that peers of one network ask for: the first 8 digits of a hash of the network id, which it does not reveal. */
export function serviceTagOf(network: NetworkId): string {
  return `_mosaik-${deriveId(network, 'mdns').slice(0, 8)}._udp.local`
}

/** Peers that the local network shows. */
export interface LocalPeers {
  onLocalPeer(found: (addresses: readonly string[]) => void): () => void
  close(): Promise<void>
}

export const noLocalPeers: LocalPeers = { onLocalPeer: () => () => {}, close: async () => {} }

/** Asks the local network for peers of this network and answers those who ask. A socket that cannot be had is logged; nothing depends on it. */
export async function createLocalPeers(host: Host, make?: typeof mdns): Promise<LocalPeers> {
  const logger = componentLogger(host.logger, 'mosaik:mdns')
  const listeners = new Set<(addresses: readonly string[]) => void>()
  const remembered = new Map<string, readonly string[]>()

  const tell = (listener: (addresses: readonly string[]) => void, addresses: readonly string[]): void => {
    try {
      listener(addresses)
    } catch (error) {
      logger.error('a listener for local peers threw: %o', error)
    }
  }
  const onPeer = ({ detail }: CustomEvent<PeerInfo>): void => {
    const id = detail.id.toString()
    const addresses = detail.multiaddrs.slice(0, MAX_ADDRESSES).map((address) => `${address.toString()}/p2p/${id}`)
    if (id === host.id || addresses.length === 0) return
    remembered.delete(id)
    remembered.set(id, addresses)
    if (remembered.size > MAX_REMEMBERED) {
      const [oldest] = remembered.keys()
      if (oldest !== undefined) remembered.delete(oldest)
    }
    for (const listener of listeners) tell(listener, addresses)
  }

  const discovery: PeerDiscovery = (make ?? (await import('@libp2p/mdns')).mdns)({
    serviceTag: serviceTagOf(host.networkId),
    interval: INTERVAL,
  })(componentsOf(host.libp2p))
  discovery.addEventListener('peer', onPeer)
  try {
    await start(discovery)
  } catch (error) {
    logger.warn('the local network cannot be asked for peers: %o', error)
  }

  return {
    onLocalPeer(found) {
      const listener = (addresses: readonly string[]): void => found(addresses)
      listeners.add(listener)
      for (const addresses of remembered.values()) tell(listener, addresses)
      return () => void listeners.delete(listener)
    },
    async close() {
      listeners.clear()
      discovery.removeEventListener('peer', onPeer)
      await stop(discovery)
    },
  }
}
