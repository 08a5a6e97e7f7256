import { MosaikError } from '@mosaik/core'
import type { ByteStream, Clock, Logger } from '@mosaik/core'
import type { Stream } from '@libp2p/interface'
import type { NetworkMetrics } from './network-metrics.ts'
import type { Session } from './session.ts'
import { createByteStream, type OpenStream } from './stream/byte-stream.ts'
import { duplexOf } from './stream/duplex-of.ts'

/** Streams that one peer may have open here, and all peers together. One more is reset. */
export const MAX_INBOUND_PER_PEER = 512
export const MAX_INBOUND = 16_384
/** A stream that nobody reads after this time is reset, ms. */
export const UNREAD_MS = 10_000
const SWEEP_MS = 1000

export interface StreamsInit {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: NetworkMetrics
  /** Called when a stream has ended, or its reader has been told of the end. */
  readonly onProgress: (session: Session) => void
}

/** All open streams of an endpoint, and who serves those of the peers. */
export class Streams {
  readonly #init: StreamsInit
  readonly #handlers = new Map<string, (stream: ByteStream) => void>()
  /** Oldest first, with the time at which each becomes overdue. */
  readonly #unread = new Map<OpenStream, number>()
  #inbound = 0
  #cancelSweep: (() => void) | undefined

  constructor(init: StreamsInit) {
    this.#init = init
  }

  handles(protocol: string): boolean {
    return this.#handlers.has(protocol)
  }

  handle(protocol: string, accept: (stream: ByteStream) => void): void {
    this.#handlers.set(protocol, accept)
  }

  unhandle(protocol: string): void {
    this.#handlers.delete(protocol)
  }

  /** A stream that this side has opened. */
  outbound(session: Session, protocol: string, stream: Stream): ByteStream {
    return this.#track(session, protocol, stream, 'outbound')
  }

  /** A stream that a verified peer has opened: hands it to the protocol's handler, or refuses it. */
  inbound(session: Session, protocol: string, stream: Stream): void {
    const accept = this.#handlers.get(protocol)
    if (accept === undefined) return this.#refuse(stream, 'unhandled', `nobody serves ${protocol}`)
    if (session.inbound >= MAX_INBOUND_PER_PEER)
      return this.#refuse(stream, 'peer-limit', `${session.peer} has ${MAX_INBOUND_PER_PEER} streams open`)
    if (this.#inbound >= MAX_INBOUND) return this.#refuse(stream, 'limit', `${MAX_INBOUND} streams are open`)
    const opened = this.#track(session, protocol, stream, 'inbound')
    try {
      accept(opened)
    } catch (error) {
      this.#init.logger.error('the handler of %s threw: %s', protocol, (error as Error)?.stack ?? error)
      this.#init.metrics.streamRefused('handler-threw').add()
      opened.abort(error)
      return
    }
    if (!opened.attached) this.#watchUnread(opened)
  }

  close(): void {
    this.#cancelSweep?.()
    this.#unread.clear()
    this.#handlers.clear()
  }

  #track(session: Session, protocol: string, stream: Stream, direction: 'inbound' | 'outbound'): OpenStream {
    const duplex = duplexOf(stream)
    const { ingress, egress } = this.#init.metrics
    const progress = (): void => this.#init.onProgress(session)
    const onBug = (error: unknown): void => this.#init.logger.error('a reader of %s threw: %s', protocol, (error as Error)?.stack ?? error)
    const opened = createByteStream({ peerId: session.peer, protocol, direction, duplex, ingress, egress, onEnd: progress, onBug })
    const weight = direction === 'inbound' ? 1 : 0
    session.streams.add(opened)
    session.inbound += weight
    this.#inbound += weight
    duplex.watch(() => {
      session.streams.delete(opened)
      session.inbound -= weight
      this.#inbound -= weight
      this.#unread.delete(opened)
      progress()
    })
    return opened
  }

  #refuse(stream: Stream, reason: string, message: string): void {
    this.#init.metrics.streamRefused(reason).add()
    this.#init.logger.warn('refused a stream: %s', message)
    stream.abort(new MosaikError('ERR_CLOSED', message))
  }

  #watchUnread(stream: OpenStream): void {
    this.#unread.set(stream, this.#init.clock.monotonic() + UNREAD_MS)
    this.#cancelSweep ??= this.#init.clock.after(SWEEP_MS, () => this.#sweep())
  }

  /** Resets what nobody has read in time. */
  #sweep(): void {
    this.#cancelSweep = undefined
    const now = this.#init.clock.monotonic()
    for (const [stream, due] of this.#unread) {
      if (stream.attached) this.#unread.delete(stream)
      else if (due > now) break
      else {
        this.#unread.delete(stream)
        this.#init.metrics.streamRefused('unread').add()
        this.#init.logger.warn('nobody read a stream of %s for %s within %d ms', stream.peerId, stream.protocol, UNREAD_MS)
        stream.abort(new MosaikError('ERR_TIMEOUT', `nobody read the stream within ${UNREAD_MS} ms`))
      }
    }
    if (this.#unread.size > 0) this.#cancelSweep = this.#init.clock.after(SWEEP_MS, () => this.#sweep())
  }
}
