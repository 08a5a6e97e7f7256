import { isAddress, MosaikError } from '@mosaik/core'
import type { RendezvousTable } from '@mosaik/core'
import type { KadDHTInit } from '@libp2p/kad-dht'
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Protocol of the tables that Mosaik nodes make up among themselves. */
export const PRIVATE_PROTOCOL = '/mosaik/kad/1.0.0'
/** Protocol of the public table that IPFS nodes make up. */
export const PUBLIC_PROTOCOL = '/ipfs/kad/1.0.0'
/** How long a table of ours answers with a provider that did not renew, ms. */
export const RECORD_VALIDITY: number = 10 * 60_000

const PUBLIC_BOOTSTRAP = [
  '/dnsaddr/bootstrap.libp2p.io/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN',
  '/dnsaddr/bootstrap.libp2p.io/p2p/QmQCU2EcMqAqQPR2i9bChDtGNJchTbq5TbXJJ16u19uLTa',
  '/dnsaddr/bootstrap.libp2p.io/p2p/QmbLHAnMoJPWSCR5Zhtx6BHJX9KiKNN6tpvbUcqanj75Nb',
  '/dnsaddr/bootstrap.libp2p.io/p2p/QmcZf59bWwK5XFi76CZX8cbJ4BhTzzA3gU1ZjYZcYW3dwt',
] as const

/** What a table is made of. */
export interface TableSettings {
  readonly name: 'private' | 'public'
  readonly bootstrap: readonly Multiaddr[]
  readonly serve: boolean
  /** Whether private and loopback addresses are of use: a closed network has no others. */
  readonly isClosed: boolean
  readonly kad: KadDHTInit
}

/** Settings of the table that `join` names. Throws `ERR_INVALID_OPTION` for a malformed bootstrap address. */
export function settingsOf(table: RendezvousTable): TableSettings {
  return table.kind === 'private' ? privateTable(table.bootstrap, table.serve) : publicTable()
}

function privateTable(bootstrap: readonly string[], serve: boolean): TableSettings {
  return {
    name: 'private',
    bootstrap: bootstrap.map(parse),
    serve,
    isClosed: true,
    kad: {
      ...COMMON,
      protocol: PRIVATE_PROTOCOL,
      logPrefix: 'libp2p:kad-dht:mosaik',
      datastorePrefix: '/mosaik-dht',
      metricsPrefix: 'libp2p_kad_dht_mosaik',
      clientMode: !serve,
      initialQuerySelfInterval: 20,
    },
  }
}

function publicTable(): TableSettings {
  return {
    name: 'public',
    bootstrap: PUBLIC_BOOTSTRAP.map((text) => multiaddr(text)),
    serve: false,
    isClosed: false,
    kad: {
      ...COMMON,
      protocol: PUBLIC_PROTOCOL,
      logPrefix: 'libp2p:kad-dht:public',
      datastorePrefix: '/public-dht',
      metricsPrefix: 'libp2p_kad_dht_public',
      clientMode: true,
      initialQuerySelfInterval: 1_000,
    },
  }
}

const refuse = async (): Promise<never> => {
  throw new Error('this table keeps provider records only')
}

/** Only provider records are kept (values would need validators that know who may write), and renewing them is the caller's. */
const COMMON: KadDHTInit = {
  validators: { pk: refuse },
  reprovide: { interval: 60_000, threshold: 0, validity: RECORD_VALIDITY },
}

function parse(text: string): Multiaddr {
  try {
    if (isAddress(text)) return multiaddr(text)
  } catch {
    // reported below, with what is allowed
  }
  throw new MosaikError(
    'ERR_INVALID_OPTION',
    `a bootstrap address must be a multiaddr such as /ip4/192.0.2.1/udp/4001/quic-v1/p2p/12D3Koo…, not ${JSON.stringify(text)}`,
  )
}
