import type { Clock, Logger, Prng } from '@mosaik/core'
import { backoff } from '@mosaik/core'
import type { Connection, Stream, StreamHandler, Topology } from '@libp2p/interface'
import type { GossipSubComponents } from '@libp2p/gossipsub'

type Registrar = GossipSubComponents['registrar']

/** How long opening a gossip stream may take. */
const OPEN_TIMEOUT = 5_000
/** A stream that lived this long counts as healthy: the next loss is repaired at once. */
const HEALTHY_AFTER = 30_000
const RETRY = { initial: 200, factor: 2, max: 10_000, jitter: 0.5 } as const
/** Inbound streams of a connection that is not verified yet wait for it, this long and this many in all. */
const PARK_TIMEOUT = 10_000
const MAX_PARKED = 1024
/** One stream each way is what gossip needs; a second one exists while the first is replaced. */
const MAX_STREAMS = 4

export interface CarrierOptions {
  readonly registrar: Registrar
  readonly protocol: string
  /** Bytes that may wait for a slow reader; above, its stream is reset and opened anew. */
  readonly maxBuffered: number
  readonly clock: Clock
  readonly prng: Prng
  readonly logger: Logger
}

/**
 * The streams under the gossip router. The router believes that it talks to libp2p's registrar; in truth it hears
 * only of peers whose connection is verified, gets streams that are open already (so that one slow peer holds up
 * nobody), and loses none of them for good: a stream that ends while the peer stays is opened again, and with it the
 * peer hears our topics again.
 */
export interface Carrier {
  /** What the router gets instead of libp2p's registrar. */
  readonly registrar: Registrar
  /** This connection is the verified one of its peer from now on. */
  use(peer: string, connection: Connection): void
  drop(peer: string): void
  has(peer: string): boolean
  /** Repairs what the router let go of: `known` are the peers that it still knows. */
  check(known: ReadonlySet<string>): void
  close(): void
}

interface Line {
  connection: Connection
  outbound: Stream | undefined
  /** The router has our stream, so it can answer what comes in: it grafts a peer upon its first word, or a second later. */
  ready: boolean
  inbound: Stream | undefined
  /** Came before the router was ready. */
  waiting: Stream | undefined
  opening: boolean
  openedAt: number
  delays: Iterator<number>
  cancelRetry: (() => void) | undefined
}

interface Parked {
  readonly peer: string
  readonly stream: Stream
  readonly connection: Connection
  readonly cancel: () => void
}

export function createCarrier(options: CarrierOptions): Carrier {
  const { protocol, clock, logger } = options
  const lines = new Map<string, Line>()
  const parked = new Set<Parked>()
  const closed = new AbortController()
  let topology: Topology | undefined
  let accept: StreamHandler | undefined

  const delays = (): Iterator<number> => backoff(RETRY, options.prng)

  const open = async (peer: string, line: Line): Promise<void> => {
    if (line.opening || line.outbound !== undefined || lines.get(peer) !== line) return
    const { connection } = line
    line.opening = true
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(OPEN_TIMEOUT), closed.signal])
      const stream = await connection.newStream(protocol, { signal, maxOutboundStreams: MAX_STREAMS, runOnLimitedConnection: true })
      if (lines.get(peer) !== line || line.connection !== connection) stream.abort(new Error('the connection was replaced'))
      else adopt(peer, line, stream)
    } catch (error) {
      logger.debug('gossip stream to %s did not open: %o', peer, error)
    } finally {
      line.opening = false
    }
    if (line.outbound === undefined) retry(peer, line)
  }

  const adopt = (peer: string, line: Line, stream: Stream): void => {
    line.outbound = stream
    line.openedAt = clock.monotonic()
    stream.maxWriteBufferLength = options.maxBuffered
    stream.addEventListener('close', () => {
      if (line.outbound !== stream) return
      line.outbound = undefined
      line.ready = false
      if (clock.monotonic() - line.openedAt > HEALTHY_AFTER) line.delays = delays()
      retry(peer, line)
    })
    const taken = (): void => clock.turn(() => ready(line, stream))
    void topology?.onConnect?.(line.connection.remotePeer, outboundFace(line.connection, stream, taken))
  }

  const ready = (line: Line, stream: Stream): void => {
    if (line.outbound !== stream) return
    line.ready = true
    const { waiting } = line
    line.waiting = undefined
    if (waiting !== undefined) deliver(line, waiting)
  }

  const retry = (peer: string, line: Line): void => {
    if (closed.signal.aborted || lines.get(peer) !== line || line.cancelRetry !== undefined) return
    line.cancelRetry = clock.after(line.delays.next().value as number, () => {
      line.cancelRetry = undefined
      void open(peer, line)
    })
  }

  const deliver = (line: Line, stream: Stream): void => {
    if (!line.ready) {
      line.waiting?.abort(new Error('replaced by a newer gossip stream'))
      line.waiting = stream
      return
    }
    line.inbound?.abort(new Error('replaced by a newer gossip stream'))
    line.inbound = stream
    // The router would open a stream of its own when it has none; it gets one from `adopt` or none at all.
    void accept?.(inboundFace(stream), noStreams(line.connection))
  }

  const park = (peer: string, stream: Stream, connection: Connection): void => {
    if (parked.size >= MAX_PARKED) {
      stream.abort(new Error('too many gossip streams wait for their connection to be verified'))
      return
    }
    const entry: Parked = {
      peer,
      stream,
      connection,
      cancel: clock.after(PARK_TIMEOUT, () => {
        parked.delete(entry)
        stream.abort(new Error('the connection was not verified in time'))
      }),
    }
    parked.add(entry)
  }

  const unpark = (peer: string, line: Line): void => {
    for (const entry of parked) {
      if (entry.peer !== peer || entry.connection !== line.connection) continue
      entry.cancel()
      parked.delete(entry)
      deliver(line, entry.stream)
    }
  }

  const onStream: StreamHandler = (stream, connection) => {
    const peer = connection.remotePeer.toString()
    const line = lines.get(peer)
    if (line !== undefined && line.connection === connection) deliver(line, stream)
    else park(peer, stream, connection)
  }

  const release = (line: Line, reason: string): void => {
    line.cancelRetry?.()
    line.cancelRetry = undefined
    const { inbound, outbound, waiting } = line
    line.inbound = undefined
    line.outbound = undefined
    line.waiting = undefined
    line.ready = false
    for (const stream of [inbound, outbound, waiting]) stream?.abort(new Error(reason))
  }

  return {
    registrar: {
      handle: (id: string, handler: StreamHandler, settings: object) => {
        accept = handler
        return options.registrar.handle(id, onStream, { ...settings, maxInboundStreams: MAX_STREAMS, runOnLimitedConnection: true })
      },
      unhandle: (id: string) => options.registrar.unhandle(id),
      register: async (_protocol: string, given: Topology) => {
        topology = given
        return protocol
      },
      unregister: () => {
        topology = undefined
      },
    } as unknown as Registrar,

    use(peer, connection) {
      const known = lines.get(peer)
      if (known?.connection === connection) return
      const line = known ?? newLine(connection, delays())
      if (known === undefined) lines.set(peer, line)
      else {
        // The old stream would live until the old connection goes; moving at once keeps both ends on one connection.
        line.connection = connection
        line.delays = delays()
        const { outbound } = line
        line.outbound = undefined
        line.ready = false
        outbound?.abort(new Error('moved to a newer connection'))
        line.cancelRetry?.()
        line.cancelRetry = undefined
      }
      unpark(peer, line)
      void open(peer, line)
    },

    drop(peer) {
      const line = lines.get(peer)
      if (line === undefined) return
      lines.delete(peer)
      release(line, 'the connection is gone')
      void topology?.onDisconnect?.(line.connection.remotePeer)
    },

    has: (peer) => lines.has(peer),

    check(known) {
      for (const [peer, line] of lines) {
        if (known.has(peer) || line.outbound === undefined) continue
        logger.debug('the gossip router let go of %s, starting over with it', peer)
        release(line, 'the gossip router gave this peer up')
        retry(peer, line)
      }
    },

    close() {
      closed.abort(new Error('gossip is closed'))
      for (const entry of parked) {
        entry.cancel()
        entry.stream.abort(new Error('gossip is closed'))
      }
      parked.clear()
      for (const line of lines.values()) release(line, 'gossip is closed')
      lines.clear()
    },
  }
}

function newLine(connection: Connection, delays: Iterator<number>): Line {
  return { connection, delays, outbound: undefined, ready: false, inbound: undefined, waiting: undefined, opening: false, openedAt: 0, cancelRetry: undefined }
}

/** A stream to write on; `taken` is called when the router asks for it. Closing it resets it: the other end shall notice, and open its own anew. */
function outboundFace(connection: Connection, stream: Stream, taken: () => void): Connection {
  const face = {
    protocol: stream.protocol,
    send: (data: Uint8Array) => stream.send(data),
    addEventListener: stream.addEventListener.bind(stream),
    close: async () => stream.abort(new Error('the gossip router closed this stream')),
    abort: (error: Error) => stream.abort(error),
  } as unknown as Stream
  const newStream = async (): Promise<Stream> => {
    taken()
    return face
  }
  return { ...noStreams(connection), newStream }
}

function noStreams(connection: Connection): Connection {
  return {
    remotePeer: connection.remotePeer,
    remoteAddr: connection.remoteAddr,
    direction: connection.direction,
    status: connection.status,
    newStream: async () => {
      throw new Error('gossip streams are opened by the carrier')
    },
  } as unknown as Connection
}

/** A stream to read from. Its end, clean or not, is only an end: the router would forget the peer's topics over a reset. */
function inboundFace(stream: Stream): Stream {
  return {
    protocol: stream.protocol,
    [Symbol.asyncIterator]: async function* () {
      try {
        yield* stream
      } catch {
        // the peer comes back with a new stream, or its connection is gone: both are seen elsewhere
      }
    },
    close: async () => stream.abort(new Error('the gossip router closed this stream')),
    abort: (error: Error) => stream.abort(error),
  } as unknown as Stream
}
