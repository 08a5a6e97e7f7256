import { backoff, sleep } from '@mosaik/core'
import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Host } from '../seam.ts'

const RETRY = { initial: 1_000, factor: 1.6, max: 10_000, jitter: 0.25 } as const
const DIAL_TIMEOUT = 5_000
/** How often a connected bootstrap node is looked at. */
const CHECK_INTERVAL = 2_000

export interface BootstrapOptions {
  readonly host: Host
  readonly address: Multiaddr
  readonly signal: AbortSignal
  /** Whether the table knows anybody. */
  readonly populated: () => boolean
  /** Called for a connected node while the table knows nobody. Never rejects. */
  readonly introduce: (connection: Connection) => Promise<void>
}

/** Keeps a connection to one bootstrap node for as long as the signal lives. Settles only then; never rejects. */
export async function keepBootstrap({ host, address, signal, populated, introduce }: BootstrapOptions): Promise<void> {
  let delays = backoff(RETRY, host.prng)
  let connection: Connection | undefined
  while (!signal.aborted) {
    try {
      connection = current(host, connection)
      if (connection === undefined) {
        connection = await host.libp2p.dial(address, { signal: AbortSignal.any([signal, AbortSignal.timeout(DIAL_TIMEOUT)]) })
        delays = backoff(RETRY, host.prng)
      }
      if (!populated()) await introduce(connection)
    } catch (error) {
      if (!signal.aborted) host.logger.debug('bootstrap node %s is not reachable: %o', address.toString(), error)
    }
    const pause = connection === undefined || !populated() ? delays.next().value : CHECK_INTERVAL
    await sleep(host.clock, pause, { signal }).catch(() => {})
  }
}

/** The connection, or another one to the same peer that took its place. */
function current(host: Host, last: Connection | undefined): Connection | undefined {
  if (last === undefined || last.status === 'open') return last
  return host.libp2p.getConnections(last.remotePeer).find((connection) => connection.status === 'open')
}
