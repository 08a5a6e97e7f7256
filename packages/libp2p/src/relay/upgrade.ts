import { backoff, canonical, decodeCanonical, isAddress, MosaikError, sleep, splitAddress } from '@mosaik/core'
import type { CanonicalValue, PeerId } from '@mosaik/core'
import type { Connection, Stream } from '@libp2p/interface'
import { byteStream } from '@libp2p/utils'
import { componentsOf } from '../node-components.ts'
import type { Host } from '../seam.ts'

/** Where two peers on a relayed connection tell each other how to be dialled directly. */
export const UPGRADE_PROTOCOL = '/mosaik/upgrade/1.0'
/** Frames are small, addresses few; the rest is dropped. */
const MAX_FRAME_BYTES = 8 * 1024
const HEAD_BYTES = 4
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
  const logger = host.logger.forComponent?.('mosaik:upgrade') ?? host.logger
  const { registrar } = componentsOf(host.libp2p)
  const closed = new AbortController()
  const running = new Set<Promise<void>>()
  const answering = new Set<PeerId>()
  const outcome = (result: 'direct' | 'relayed') => host.metrics.counter('mosaik.relay.upgrades', { ...host.labels, result })

  const dial = async (peer: PeerId, addresses: readonly string[], signal: AbortSignal): Promise<boolean> => {
    if (addresses.length === 0) return false
    try {
      await host.upgrade(peer, addresses, { signal: AbortSignal.any([signal, AbortSignal.timeout(DIAL_TIMEOUT)]) })
      return true
    } catch (error) {
      logger.debug('%s cannot be dialled directly: %o', peer, error)
      return false
    }
  }

  /** One exchange, from the side that dialled. True when there is a direct connection afterwards. */
  const ask = async (peer: PeerId, connection: Connection): Promise<boolean> => {
    const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(EXCHANGE_TIMEOUT)])
    const stream = await connection.newStream(UPGRADE_PROTOCOL, { signal, maxOutboundStreams: MAX_STREAMS, runOnLimitedConnection: true })
    try {
      const frames = framed(stream)
      await frames.write(direct(host), signal)
      const theirs = readAddresses(await frames.read(signal), peer)
      if (await dial(peer, theirs, signal)) {
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
  const answer = async (stream: Stream, connection: Connection): Promise<void> => {
    const peer = connection.remotePeer.toString() as PeerId
    const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(EXCHANGE_TIMEOUT)])
    // One at a time and only where it is of use: an answer makes this side dial where the peer says.
    if (answering.has(peer) || !isRelayed(connection) || host.connection(peer) !== connection) {
      return stream.abort(new MosaikError('ERR_PROTOCOL', 'there is nothing to upgrade'))
    }
    answering.add(peer)
    try {
      const frames = framed(stream)
      const theirs = readAddresses(await frames.read(signal), peer)
      await frames.write(direct(host), signal)
      const connected = (await frames.read(signal)) === true
      if (!connected) await frames.write(await dial(peer, theirs, signal), signal)
      await stream.close({ signal })
    } catch (error) {
      logger.debug('direct upgrade with %s ended: %o', peer, error)
      stream.abort(error as Error)
    } finally {
      answering.delete(peer)
    }
  }

  /** Tries until the peer is connected directly, or not through this connection any more. */
  const improve = async (peer: PeerId, connection: Connection): Promise<void> => {
    const delays = backoff(RETRY, host.prng)
    while (!closed.signal.aborted && host.connection(peer) === connection && connection.status === 'open') {
      try {
        const connected = await ask(peer, connection)
        outcome(connected ? 'direct' : 'relayed').add()
        if (connected) return
      } catch (error) {
        const current = host.connection(peer)
        if (current !== connection) {
          // The other side was faster, and its connection took the place of this one in mid-sentence.
          if (current !== undefined && !isRelayed(current)) outcome('direct').add()
          return
        }
        logger.debug('no direct upgrade with %s: %o', peer, error)
      }
      await sleep(host.clock, delays.next().value, { signal: closed.signal }).catch(() => {})
    }
  }

  const track = (work: Promise<void>): void => {
    running.add(work)
    void work.finally(() => running.delete(work))
  }
  const consider = (peer: PeerId, connection: Connection): void => {
    if (connection.direction === 'outbound' && isRelayed(connection)) track(improve(peer, connection))
  }

  await registrar.handle(UPGRADE_PROTOCOL, (stream, connection) => track(answer(stream, connection)), {
    maxInboundStreams: MAX_STREAMS,
    maxOutboundStreams: MAX_STREAMS,
    runOnLimitedConnection: true,
  })
  const remove = host.onVerified(consider)
  for (const peer of host.connections.value) {
    const connection = host.connection(peer)
    if (connection !== undefined) consider(peer, connection)
  }

  return {
    async close() {
      remove()
      closed.abort(new MosaikError('ERR_CLOSED', 'the endpoint is closed'))
      await Promise.all(running)
      await registrar.unhandle(UPGRADE_PROTOCOL)
    },
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

interface Frames {
  read(signal: AbortSignal): Promise<CanonicalValue>
  write(value: CanonicalValue, signal: AbortSignal): Promise<void>
}

/** Canonical CBOR behind 4-byte big-endian lengths, like every frame of Mosaik. */
function framed(stream: Stream): Frames {
  const bytes = byteStream(stream, { maxBufferSize: 2 * MAX_FRAME_BYTES })
  return {
    async read(signal) {
      const head = (await bytes.read({ bytes: HEAD_BYTES, signal })).subarray()
      const length = new DataView(head.buffer, head.byteOffset, HEAD_BYTES).getUint32(0)
      if (length > MAX_FRAME_BYTES) throw new MosaikError('ERR_PROTOCOL', `an upgrade frame has at most ${MAX_FRAME_BYTES} bytes, not ${length}`)
      return decodeCanonical((await bytes.read({ bytes: length, signal })).subarray())
    },
    async write(value, signal) {
      const body = canonical(value)
      const frame = new Uint8Array(HEAD_BYTES + body.length)
      new DataView(frame.buffer).setUint32(0, body.length)
      frame.set(body, HEAD_BYTES)
      await bytes.write(frame, { signal })
    },
  }
}
