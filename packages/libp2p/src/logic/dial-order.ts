/** Addresses tried for one dial. */
export const MAX_CANDIDATES = 16

const PRIVATE_IP4 = /^\/ip4\/(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/
const PRIVATE_IP6 = /^\/ip6\/(?:f[cd][0-9a-f]{2}:|fe80:)/i
const LOOPBACK = /^\/(?:ip4\/127\.|ip6\/(?:::1|0:0:0:0:0:0:0:1)\/)/i

/** Where an address leads: this machine, a private network, the internet, or through a relay. */
export function distance(address: string): 'local' | 'private' | 'public' | 'relay' {
  if (address.includes('/p2p-circuit')) return 'relay'
  if (LOOPBACK.test(address) || /^\/(?:unix|memory)\//.test(address)) return 'local'
  return PRIVATE_IP4.test(address) || PRIVATE_IP6.test(address) ? 'private' : 'public'
}

const NEAR = { local: 0, private: 1, public: 2, relay: 3 } as const

/** True for an IPv6 link-local address without the zone that would make it dialable. */
export const isZoneless = (address: string): boolean => /^\/ip6\/fe80:/i.test(address)

/** True for an address that means "all of mine". */
export const isUnspecified = (address: string): boolean => /^\/(?:ip4\/0\.0\.0\.0|ip6\/::|ip6\/0:0:0:0:0:0:0:0)(?:\/|$)/.test(address)

/**
 * The order in which addresses of one peer are tried: near ones first, QUIC before the rest, IPv6 before IPv4 on the
 * internet, relays last; otherwise as given. Without what cannot be dialled, at most `MAX_CANDIDATES`.
 */
export function dialOrder(addresses: readonly string[]): string[] {
  const rank = (address: string): number =>
    NEAR[distance(address)] * 4 + (address.includes('/quic-v1') ? 0 : 2) + (address.startsWith('/ip6/') ? 0 : 1)
  const dialable = [...new Set(addresses)].filter((address) => !isUnspecified(address) && !isZoneless(address))
  return dialable.toSorted((a, b) => rank(a) - rank(b)).slice(0, MAX_CANDIDATES)
}

const PAUSES_MS = { local: 25, private: 100, public: 250, relay: 250 } as const

/** How long an address has to itself before the next one is tried beside it, ms: about the time in which it should answer. */
export const staggerMs = (address: string): number => PAUSES_MS[distance(address)]
