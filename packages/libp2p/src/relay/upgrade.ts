import { backoff, componentLogger, isAddress, MosaikError, sleep, splitAddress } from '@mosaik/core'
import type { CanonicalValue, Logger, PeerId } from '@mosaik/core'
import type { Connection, Stream } from '@libp2p/interface'
import { componentsOf } from '../node-components.ts'
import type { Host } from '../seam.ts'
import { framed } from './upgrade-frames.ts'

/** Where two peers on a relayed connection tell each other how to be dialled directly. */
export const UPGRADE_PROTOCOL = '/mosaik/upgrade/1.0'
/** Addresses that are told and heeded; the rest is dropped. */
const MAX_ADDRESSES = 16
/** The whole exchange, with the dials of both sides. */
const EXCHANGE_TIMEOUT = 15_000
const DIAL_TIMEOUT = 5_000
/** A pair that could not be connected directly is tried again, since networks change; ever more rarely. */
const RETRY = { initial: 30_000, factor: 2, max: 10 * 60_000, jitter: 0.25 } as const
const MAX_STREAMS = 4

/**
 * Direct connections for peers that met through a relay. The side that dialled the relayed connection opens the
 * protocol and dials the other's direct addresses; where that fails, the other side dials back. It helps where at least
 * one side can be dialled: on a local network, behind a mapped port, or with one side public. (Hole punching does not
 * work in JavaScript today: neither QUIC nor TCP can dial from the port they listen on.)
 */
export async function createUpgrades(host: Host): Promise<{ close(): Promise<void> }> {
  const upgrades = new Upgrades(host)
  await upgrades.start()
  return upgrades
}

class Upgrades {
  readonly #host: Host
  readonly #logger: Logger
  readonly #closed = new AbortController()
  readonly #running = new Set<Promise<void>>()
  readonly #answering = new Set<PeerId>()
  #remove: () => void = () => {}

  constructor(host: Host) {
    this.#host = host
    this.#logger = componentLogger(host.logger, 'mosaik:upgrade')
  }

  async start(): Promise<void> {
    const host = this.#host
    await componentsOf(host.libp2p).registrar.handle(
      UPGRADE_PROTOCOL,
      (stream, connection) => this.#track(this.#answer(stream, connection)),
      {
        maxInboundStreams: MAX_STREAMS,
        maxOutboundStreams: MAX_STREAMS,
        runOnLimitedConnection: true,
      },
    )
    this.#remove = host.onVerified((peer, connection) => this.#consider(peer, connection))
    for (const peer of host.connections.value) {
      const connection = host.connection(peer)
      if (connection !== undefined) this.#consider(peer, connection)
    }
  }

  async close(): Promise<void> {
    this.#remove()
    this.#closed.abort(new MosaikError('ERR_CLOSED', 'the endpoint is closed'))
    await Promise.all(this.#running)
    await componentsOf(this.#host.libp2p).registrar.unhandle(UPGRADE_PROTOCOL)
  }

  #track(work: Promise<void>): void {
    this.#running.add(work)
    void work.finally(() => this.#running.delete(work))
  }

  #consider(peer: PeerId, connection: Connection): void {
    if (connection.direction === 'outbound' && isRelayed(connection)) this.#track(this.#improve(peer, connection))
  }

  /** Tries until the peer is connected directly, or not through this connection any more. */
  async #improve(peer: PeerId, connection: Connection): Promise<void> {
    const host = this.#host
    const delays = backoff(RETRY, host.prng)
    while (!this.#closed.signal.aborted && host.connection(peer) === connection && connection.status === 'open') {
      try {
        const connected = await this.#ask(peer, connection)
        this.#count(connected ? 'direct' : 'relayed')
        if (connected) return
      } catch (error) {
        const current = host.connection(peer)
        if (current !== connection) {
          // The other side was faster, and its connection took the place of this one in mid-sentence.
          if (current !== undefined && !isRelayed(current)) this.#count('direct')
          return
        }
        this.#logger.debug('no direct upgrade with %s: %o', peer, error)
      }
      await sleep(host.clock, delays.next().value, { signal: this.#closed.signal }).catch(() => {})
    }
  }

  /** One exchange, from the side that dialled. True when there is a direct connection afterwards. */
  async #ask(peer: PeerId, connection: Connection): Promise<boolean> {
    const signal = this.#within(EXCHANGE_TIMEOUT)
    const stream = await connection.newStream(UPGRADE_PROTOCOL, { signal, maxOutboundStreams: MAX_STREAMS, runOnLimitedConnection: true })
    try {
      const frames = framed(stream)
      await frames.write(direct(this.#host), signal)
      const theirs = readAddresses(await frames.read(signal), peer)
      if (await this.#dial(peer, theirs)) {
        // Told as a courtesy: the relayed connection, and this stream with it, may be gone already.
        await frames.write(true, signal).catch(() => {})
        return true
      }
      await frames.write(false, signal)
      const connected = (await frames.read(signal)) === true
      await stream.close({ signal })
      return connected
    } catch (error) {
      stream.abort(error as Error)
      throw error
    }
  }

  /** The other side of an exchange. */
  async #answer(stream: Stream, connection: Connection): Promise<void> {
    const peer = connection.remotePeer.toString() as PeerId
    // One at a time and only where it is of use: an answer makes this side dial where the peer says.
    if (this.#answering.has(peer) || !isRelayed(connection) || this.#host.connection(peer) !== connection) {
      stream.abort(new MosaikError('ERR_PROTOCOL', 'there is nothing to upgrade'))
      return
    }
    const signal = this.#within(EXCHANGE_TIMEOUT)
    this.#answering.add(peer)
    try {
      const frames = framed(stream)
      const theirs = readAddresses(await frames.read(signal), peer)
      await frames.write(direct(this.#host), signal)
      const connected = (await frames.read(signal)) === true
      if (!connected) await frames.write(await this.#dial(peer, theirs), signal)
      await stream.close({ signal })
    } catch (error) {
      this.#logger.debug('direct upgrade with %s ended: %o', peer, error)
      stream.abort(error as Error)
    } finally {
      this.#answering.delete(peer)
    }
  }

  async #dial(peer: PeerId, addresses: readonly string[]): Promise<boolean> {
    if (addresses.length === 0) return false
    try {
      await this.#host.upgrade(peer, addresses, { signal: this.#within(DIAL_TIMEOUT) })
      return true
    } catch (error) {
      this.#logger.debug('%s cannot be dialled directly: %o', peer, error)
      return false
    }
  }

  #within(ms: number): AbortSignal {
    return AbortSignal.any([this.#closed.signal, AbortSignal.timeout(ms)])
  }

  #count(result: 'direct' | 'relayed'): void {
    this.#host.metrics.counter('mosaik.relay.upgrades', { ...this.#host.labels, result }).add()
  }
}

/** True for a connection through a relay. */
export function isRelayed(connection: Connection): boolean {
  return connection.remoteAddr.toString().includes('/p2p-circuit')
}

/** Own addresses that need no relay. */
function direct(host: Host): string[] {
  return host.addresses.value.filter((address) => !address.includes('/p2p-circuit')).slice(0, MAX_ADDRESSES)
}

/** What the other side says of itself: texts shaped like addresses, of that peer and no other, without relays. */
function readAddresses(value: CanonicalValue, peer: PeerId): readonly string[] {
  if (!Array.isArray(value)) throw new MosaikError('ERR_PROTOCOL', 'an upgrade begins with a list of addresses')
  return value
    .slice(0, MAX_ADDRESSES)
    .filter((text) => isAddress(text))
    .filter((text) => !text.includes('/p2p-circuit') && splitAddress(text).peerId === peer)
}
