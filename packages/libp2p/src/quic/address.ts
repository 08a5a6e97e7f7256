import { networkInterfaces } from 'node:os'
import { lookup } from 'node:dns/promises'
import type { Multiaddr } from '@multiformats/multiaddr'
import { multiaddr } from '@multiformats/multiaddr'
import { raceSignal } from 'race-signal'

export interface UdpAddress {
  readonly family: 4 | 6
  readonly host: string
  readonly port: number
}

/** Where a QUIC address points. Names are resolved by the system. */
export async function udpAddress(address: Multiaddr, signal?: AbortSignal): Promise<UdpAddress> {
  const parts = address.getComponents().filter((part) => part.name !== 'ip6zone')
  const [ip, udp] = parts
  if (ip?.value === undefined || udp?.name !== 'udp') throw new Error(`${address} is not a QUIC address`)
  const port = Number(udp.value)
  if (ip.name === 'ip4') return { family: 4, host: ip.value, port }
  if (ip.name === 'ip6') return { family: 6, host: ip.value, port }
  const wanted = ip.name === 'dns4' ? 4 : ip.name === 'dns6' ? 6 : 0
  const found = await raceSignal(lookup(ip.value, { family: wanted }), signal)
  return { family: found.family === 6 ? 6 : 4, host: found.address, port }
}

/** The addresses of a socket: one per interface where it listens on all of them. */
export function listeningAddresses(socket: UdpAddress): Multiaddr[] {
  const { family, host, port } = socket
  const hosts = host === '0.0.0.0' || host === '::' ? interfaceHosts(family) : [host]
  return hosts.map((each) => multiaddr(`/ip${family}/${each}/udp/${port}/quic-v1`))
}

function interfaceHosts(family: 4 | 6): string[] {
  const found = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  return found.filter((each) => each.family === `IPv${family}` && !/^fe80:/i.test(each.address)).map((each) => each.address)
}
