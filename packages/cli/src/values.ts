import { InvalidArgumentError } from 'commander'

/** Where a server of the program listens. Port 0: a free one. */
export interface HostAndPort {
  readonly host: string
  readonly port: number
}

/** Of an option that may be given several times, or once as a comma-separated list. */
export function list(value: string, previous: readonly string[] = []): readonly string[] {
  const parts = value.split(',').map((part) => part.trim())
  return [...previous, ...parts.filter((part) => part !== '')]
}

/** The same, each a multiaddr; what it means is judged where it is used. */
export function addresses(value: string, previous?: readonly string[]): readonly string[] {
  const all = list(value, previous)
  const wrong = all.find((address) => !/^(?:\/[^/\s]+){2,}$/.test(address))
  if (wrong !== undefined) throw new InvalidArgumentError(`'${wrong}' is no address. Give one like /ip4/127.0.0.1/udp/4001/quic-v1.`)
  return all
}

/** `host:port`, `[ipv6]:port`, or a port alone for loopback. */
export function hostAndPort(value: string): HostAndPort {
  const colon = value.lastIndexOf(':')
  const host = colon === -1 ? '127.0.0.1' : value.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  const port = value.slice(colon + 1)
  if (host === '' || !/^\d+$/.test(port) || Number(port) > 65_535) {
    throw new InvalidArgumentError('Give host:port, or a port alone for loopback; for example 127.0.0.1:9090.')
  }
  return { host, port: Number(port) }
}

/** A flag that counts how often it is given; in the environment a number. */
export function level(value: string | undefined, previous: number): number {
  if (value === undefined) return previous + 1
  if (!/^[012]$/.test(value)) throw new InvalidArgumentError('Give 0, 1 or 2.')
  return Number(value)
}

/** A whole number of at least `min`, for options of your own. */
export function wholeNumber(min: number): (value: string) => number {
  return (value) => {
    const number = Number(value)
    if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < min) {
      throw new InvalidArgumentError(`Give a whole number, ${min} or more.`)
    }
    return number
  }
}
