import { backoff } from '@mosaik/core'
import type { Clock, Logger, Prng } from '@mosaik/core'
import type { GossipSubComponents } from '@libp2p/gossipsub'
import type { Connection, Stream, StreamHandler, Topology } from '@libp2p/interface'
import { inboundConnection, inboundFace, outboundFace } from './faces.ts'
import { newLine, release, takeOutbound } from './line.ts'
import type { Line } from './line.ts'

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

interface Parked {
  readonly stream: Stream
  readonly connection: Connection
  readonly cancel: () => void
}

/**
 * The streams under the gossip router. The router believes that it talks to libp2p's registrar; in truth it hears
 * only of peers whose connection is verified, gets streams that are open already (so that one slow peer holds up
 * nobody), and loses none of them for good: a stream that ends while the peer stays is opened again, and with it the
 * peer hears our topics again.
 */
export class Carrier {
  /** What the router gets instead of libp2p's registrar. */
  readonly registrar: Registrar
  readonly #options: CarrierOptions
  readonly #lines = new Map<string, Line>()
  readonly #parked = new Set<Parked>()
  readonly #closed = new AbortController()
  #topology: Topology | undefined
  #accept: StreamHandler | undefined

  constructor(options: CarrierOptions) {
    this.#options = options
    this.registrar = this.#facade()
  }

  /** This connection is the verified one of its peer from now on. */
  use(peer: string, connection: Connection): void {
    let line = this.#lines.get(peer)
    if (line?.connection === connection) return
    if (line === undefined) {
      line = newLine(connection, this.#delays())
      this.#lines.set(peer, line)
    } else {
      // The old stream would live until the old connection goes; moving at once keeps both ends on one connection.
      line.connection = connection
      line.delays = this.#delays()
      takeOutbound(line)?.abort(new Error('moved to a newer connection'))
    }
    for (const entry of this.#parked) {
      if (entry.connection !== connection) continue
      entry.cancel()
      this.#parked.delete(entry)
      this.#deliver(line, entry.stream)
    }
    void this.#open(peer, line)
  }

  drop(peer: string): void {
    const line = this.#lines.get(peer)
    if (line === undefined) return
    this.#lines.delete(peer)
    release(line, 'the connection is gone')
    void this.#topology?.onDisconnect?.(line.connection.remotePeer)
  }

  has(peer: string): boolean {
    return this.#lines.has(peer)
  }

  /** Repairs what the router let go of: `known` are the peers that it still knows. */
  check(known: ReadonlySet<string>): void {
    for (const [peer, line] of this.#lines) {
      if (known.has(peer) || line.outbound === undefined) continue
      this.#options.logger.debug('the gossip router let go of %s, starting over with it', peer)
      release(line, 'the gossip router gave this peer up')
      this.#retry(peer, line)
    }
  }

  close(): void {
    const reason = 'gossip is closed'
    this.#closed.abort(new Error(reason))
    for (const entry of this.#parked) {
      entry.cancel()
      entry.stream.abort(new Error(reason))
    }
    this.#parked.clear()
    for (const line of this.#lines.values()) release(line, reason)
    this.#lines.clear()
  }

  #facade(): Registrar {
    const { registrar, protocol } = this.#options
    const limits = { maxInboundStreams: MAX_STREAMS, maxOutboundStreams: MAX_STREAMS, runOnLimitedConnection: true }
    return {
      handle: (id: string, handler: StreamHandler) => {
        this.#accept = handler
        return registrar.handle(id, (stream, connection) => this.#onStream(stream, connection), limits)
      },
      unhandle: (id: string) => registrar.unhandle(id),
      register: async (_protocol: string, topology: Topology) => {
        this.#topology = topology
        return protocol
      },
      unregister: () => {
        this.#topology = undefined
      },
    } as unknown as Registrar
  }

  #delays(): Iterator<number> {
    return backoff(RETRY, this.#options.prng)
  }

  async #open(peer: string, line: Line): Promise<void> {
    if (line.opening || line.outbound !== undefined || this.#lines.get(peer) !== line) return
    const { connection } = line
    line.opening = true
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(OPEN_TIMEOUT), this.#closed.signal])
      const stream = await connection.newStream(this.#options.protocol, {
        signal,
        maxOutboundStreams: MAX_STREAMS,
        runOnLimitedConnection: true,
      })
      if (this.#lines.get(peer) !== line || line.connection !== connection) stream.abort(new Error('the connection was replaced'))
      else this.#adopt(peer, line, stream)
    } catch (error) {
      this.#options.logger.debug('gossip stream to %s did not open: %o', peer, error)
    } finally {
      line.opening = false
    }
    if (line.outbound === undefined) this.#retry(peer, line)
  }

  /** Hands an open stream to the router. */
  #adopt(peer: string, line: Line, stream: Stream): void {
    const { clock, maxBuffered } = this.#options
    line.outbound = stream
    line.openedAt = clock.monotonic()
    stream.maxWriteBufferLength = maxBuffered
    stream.addEventListener('close', () => {
      if (line.outbound !== stream) return
      takeOutbound(line)
      if (clock.monotonic() - line.openedAt > HEALTHY_AFTER) line.delays = this.#delays()
      this.#retry(peer, line)
    })
    const face = outboundFace(line.connection, stream, () => clock.turn(() => this.#onReady(line, stream)))
    void this.#topology?.onConnect?.(line.connection.remotePeer, face)
  }

  #onReady(line: Line, stream: Stream): void {
    if (line.outbound !== stream) return
    line.ready = true
    const { waiting } = line
    line.waiting = undefined
    if (waiting !== undefined) this.#deliver(line, waiting)
  }

  #retry(peer: string, line: Line): void {
    if (this.#closed.signal.aborted || this.#lines.get(peer) !== line || line.cancelRetry !== undefined) return
    line.cancelRetry = this.#options.clock.after(line.delays.next().value as number, () => {
      line.cancelRetry = undefined
      void this.#open(peer, line)
    })
  }

  #onStream(stream: Stream, connection: Connection): void {
    const line = this.#lines.get(connection.remotePeer.toString())
    if (line !== undefined && line.connection === connection) this.#deliver(line, stream)
    else this.#park(stream, connection)
  }

  /** Gives an inbound stream to the router, now or when it is ready. The newest one counts. */
  #deliver(line: Line, stream: Stream): void {
    const slot = line.ready ? 'inbound' : 'waiting'
    line[slot]?.abort(new Error('replaced by a newer gossip stream'))
    line[slot] = stream
    if (line.ready) void this.#accept?.(inboundFace(stream), inboundConnection(line.connection))
  }

  #park(stream: Stream, connection: Connection): void {
    if (this.#parked.size >= MAX_PARKED) {
      stream.abort(new Error('too many gossip streams wait for their connection to be verified'))
      return
    }
    const cancel = this.#options.clock.after(PARK_TIMEOUT, () => {
      this.#parked.delete(entry)
      stream.abort(new Error('the connection was not verified in time'))
    })
    const entry: Parked = { stream, connection, cancel }
    this.#parked.add(entry)
  }
}
