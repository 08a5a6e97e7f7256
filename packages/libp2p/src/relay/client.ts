import { abortable, backoff, componentLogger, createWatch, MosaikError, sleep } from '@mosaik/core'
import type { Watch } from '@mosaik/core'
import type { Connection, PeerId as Libp2pPeerId } from '@libp2p/interface'
import { createScalableCuckooFilter } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { componentsOf } from '../node-components.ts'
import type { Host } from '../seam.ts'
import { reservationsOf } from './circuit.ts'
import type { ReservationStore } from './circuit.ts'

const HOP_PROTOCOL = '/libp2p/circuit/relay/0.2.0/hop'
const RETRY = { initial: 500, factor: 1.6, max: 10_000, jitter: 0.25 } as const
const DIAL_TIMEOUT = 5_000
const RESERVE_TIMEOUT = 10_000
/** Addresses of one relay that are announced. */
const MAX_ADDRESSES = 8

export interface RelayClient {
  /** The relays that hold a slot for this node now, by the address they were configured with. */
  readonly held: Watch<ReadonlySet<string>>
  close(): Promise<void>
}

/**
 * Holds a slot at every one of `servers` for as long as the endpoint lives: a relay that is not there yet, refuses, or
 * goes away and comes back is asked again, after half a second at first and every ten seconds in the end.
 */
export function createRelayClient(host: Host, servers: readonly string[]): RelayClient {
  const logger = componentLogger(host.logger, 'mosaik:relay')
  const store = reservationsOf(host.libp2p)
  const { addressManager } = componentsOf(host.libp2p)
  const closed = new AbortController()
  const addresses = new Map<string, readonly string[]>()
  const held = createWatch<ReadonlySet<string>>(new Set())
  const gauge = host.metrics.gauge('mosaik.relay.reservations', host.labels)
  const relays = new Set<string>()
  const intolerant = host.tolerate((peer) => relays.has(peer))

  const publish = (server: string, texts: readonly string[]): void => {
    // libp2p's own list is what the DHT and identify tell others.
    for (const text of addresses.get(server) ?? []) if (!texts.includes(text)) addressManager.removeObservedAddr(multiaddr(text))
    for (const text of texts) addressManager.confirmObservedAddr(multiaddr(text), { type: 'transport' })
    if (texts.length === 0) addresses.delete(server)
    else addresses.set(server, texts)
    held.set(new Set(addresses.keys()))
    gauge.set(addresses.size)
    host.announce('relay', [...new Set([...addresses.values()].flat())])
  }

  const hold = async (server: string): Promise<void> => {
    const connection = await reach(host, server, relays, closed.signal)
    const relay = connection.remotePeer
    await speaksHop(connection, closed.signal)
    forgive(store)
    await abortable(store.addRelay(relay, 'configured'), AbortSignal.any([closed.signal, AbortSignal.timeout(RESERVE_TIMEOUT)]))
    if (!store.hasReservation(relay)) throw new Error('the slot was lost before it could be used')
    publish(server, relayedAddresses(host, server, relay, store))
    logger.info('reachable through the relay %s', server)
    await lost(store, relay, closed.signal, () => publish(server, relayedAddresses(host, server, relay, store)))
    publish(server, [])
  }

  const keep = async (server: string): Promise<void> => {
    let delays = backoff(RETRY, host.prng)
    while (!closed.signal.aborted) {
      try {
        await hold(server)
        delays = backoff(RETRY, host.prng)
        if (!closed.signal.aborted) logger.warn('the relay %s is gone, it is asked again', server)
      } catch (error) {
        if (!closed.signal.aborted) logger.warn('no slot at the relay %s: %o', server, error)
      }
      await sleep(host.clock, delays.next().value, { signal: closed.signal }).catch(() => {})
    }
  }
  const background = servers.map(keep)

  return {
    held,
    async close() {
      closed.abort(new MosaikError('ERR_CLOSED', 'the endpoint is closed'))
      await Promise.all(background)
      intolerant()
      held.close()
    },
  }
}

/** A connection to the relay: a verified one where it is of this network, any other where it is not. */
async function reach(host: Host, server: string, relays: Set<string>, signal: AbortSignal): Promise<Connection> {
  const named = server.split('/p2p/')[1]
  if (named !== undefined) relays.add(named)
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(DIAL_TIMEOUT)])
  try {
    const peer = await host.connect(server, { signal: bounded })
    relays.add(peer)
    const connection = host.connection(peer)
    if (connection !== undefined) return connection
  } catch (error) {
    if (!MosaikError.is(error, 'ERR_DIFFERENT_NETWORK')) throw error
  }
  const connection = await host.libp2p.dial(multiaddr(server), { signal: bounded })
  relays.add(connection.remotePeer.toString())
  return connection
}

/** Rejects when the peer does not relay. */
async function speaksHop(connection: Connection, signal: AbortSignal): Promise<void> {
  const stream = await connection.newStream(HOP_PROTOCOL, { signal: AbortSignal.any([signal, AbortSignal.timeout(DIAL_TIMEOUT)]) })
  stream.abort(new Error('this was only a question'))
}

/** libp2p never asks a relay again that failed to answer once; here a relay that comes back is used again. */
function forgive(store: ReservationStore): void {
  Object.assign(store, { relayFilter: createScalableCuckooFilter(100) })
}

/** Settles when the slot is gone, or on close. `renewed` runs whenever it was renewed. */
function lost(store: ReservationStore, relay: Libp2pPeerId, signal: AbortSignal, renewed: () => void): Promise<void> {
  return new Promise((resolve) => {
    const isOurs = (event: Event): boolean => relay.equals((event as CustomEvent<{ relay: Libp2pPeerId }>).detail.relay)
    const onCreated = (event: Event): void => {
      if (isOurs(event)) renewed()
    }
    const onRemoved = (event: Event): void => {
      if (isOurs(event)) done()
    }
    const done = (): void => {
      store.removeEventListener('relay:created-reservation', onCreated)
      store.removeEventListener('relay:removed', onRemoved)
      signal.removeEventListener('abort', done)
      resolve()
    }
    store.addEventListener('relay:created-reservation', onCreated)
    store.addEventListener('relay:removed', onRemoved)
    signal.addEventListener('abort', done)
    if (signal.aborted || !store.hasReservation(relay)) done()
  })
}

/** Where this node is reached through a relay: by the address we know it by, and by those it gives out. */
function relayedAddresses(host: Host, server: string, relay: Libp2pPeerId, store: ReservationStore): readonly string[] {
  const given = (store.getReservation(relay)?.addrs ?? []).map((bytes) => multiaddr(bytes).toString())
  const suffix = `/p2p/${relay}`
  const whole = [server, ...given].map((text) => (text.endsWith(suffix) ? text : `${text}${suffix}`))
  return [...new Set(whole)].slice(0, MAX_ADDRESSES).map((text) => `${text}/p2p-circuit/p2p/${host.id}`)
}
