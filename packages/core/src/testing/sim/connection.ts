import { MosaikError } from '../../check/error.ts'
import type { PeerId } from '../../id/types.ts'
import type { Logger } from '../../observe/logger.ts'
import type { SimEvent } from './event-queue.ts'
import type { Host } from './host.ts'
import type { Medium } from './medium.ts'
import type { Lane, SimStream, StreamCarrier, StreamMessage } from './sim-stream.ts'
import { digestBytes } from './trace.ts'

/** The part of an endpoint that its connections see. */
export interface EndOwner {
  readonly id: PeerId
  readonly logger: Logger
  /** The other side asks for a stream. */
  onRequest(end: End, id: number, protocol: string): void
  /** The other side has joined or left a gossip topic. */
  onTopic(end: End, topic: string, joined: boolean): void
  onGossip(end: End, topic: string, data: Uint8Array): void
  /** The end has died: forget it. */
  onEndDead(end: End): void
}

export interface Message {
  /** In the trace. */
  readonly kind: string
  /** Keeps its messages in order. */
  readonly lane: Lane
  readonly bytes?: Uint8Array | undefined
  readonly deliver: (far: End) => void
}

/** Messages that one end keeps for a way that is cut. More than a full window for every stream means a bug above. */
const MAX_WAITING = 100_000
const HEADER_BYTES = 16

/** One end of a connection. Each end lives and dies by what it can notice itself. */
export class End implements StreamCarrier {
  readonly endpoint: EndOwner
  readonly host: Host
  /** This side has opened the connection. */
  readonly dialled: boolean
  readonly streams: Map<number, SimStream> = new Map()
  /** For gossip, in order. */
  readonly gossipLane: Lane = { last: 0 }
  state: 'pending' | 'alive' | 'dead' = 'pending'
  other!: End
  /** Nothing that this end sends may arrive before. */
  floor = 0
  /** Bytes of gossip under way. */
  gossipBytes = 0
  #farewell = false
  #lastArrival = 0
  #waiting: Message[] = []
  #noticing: { readonly event: SimEvent; readonly answered: boolean } | undefined
  readonly #medium: Medium
  constructor(medium: Medium, endpoint: EndOwner, host: Host, dialled: boolean) {
    this.#medium = medium
    this.endpoint = endpoint
    this.host = host
    this.dialled = dialled
  }

  get remotePeer(): PeerId {
    return this.other.endpoint.id
  }

  get logger(): Logger {
    return this.endpoint.logger
  }

  /** The ids of streams of both sides never meet. */
  streamId(sequence: number): number {
    return sequence * 2 + (this.dialled ? 0 : 1)
  }

  toStream(id: number, { deliver, ...message }: StreamMessage): void {
    this.send({
      ...message,
      deliver: (far) => {
        const stream = far.streams.get(id)
        if (stream !== undefined) deliver(stream)
      },
    })
  }

  forget(id: number): void {
    this.streams.delete(id)
  }

  /** Brings a message to the other end, after all earlier ones of its lane; when the way is cut it waits here. */
  send(message: Message): void {
    if (this.state === 'dead' || this.host.state === 'dead') return
    if (this.#waiting.length === 0 && !this.#isCut()) return this.#transmit(message)
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push(message)
    else this.die(new MosaikError('ERR_CLOSED', `the connection to ${this.remotePeer} was lost: too much waits for it`))
  }

  /** Sends what waited, as far as the way is open again. */
  flush(): void {
    while (this.#waiting.length > 0 && this.state !== 'dead' && !this.#isCut()) this.#transmit(this.#waiting.shift() as Message)
  }

  /** Ends in an orderly way: what was sent arrives first, then the other end learns that it is over. */
  goodbye(error: MosaikError): void {
    if (this.state === 'dead') return
    const farewell = new MosaikError('ERR_CLOSED', `${this.endpoint.id} hung up`)
    this.#farewell = this.#waiting.length === 0 && !this.#isCut()
    this.send({ kind: 'goodbye', lane: { last: this.#lastArrival }, deliver: (far) => far.die(farewell) })
    this.die(error)
  }

  /** This end is over: every stream of it is reset, nothing is told to the other end. */
  die(error: Error): void {
    if (this.state === 'dead') return
    this.state = 'dead'
    this.#waiting = []
    this.#stopNoticing()
    for (const stream of [...this.streams.values()]) stream.finish(error)
    this.endpoint.onEndDead(this)
    this.other.reassess()
  }

  /** Looks again whether the other end can still be heard, and how its silence would be noticed. */
  reassess(): void {
    const { other, host } = this
    const { network } = this.#medium
    const deaf = other.host.state !== 'running' || network.isBlocked(other.host, host)
    if (this.state !== 'alive' || host.state === 'dead' || (other.state === 'alive' && !deaf) || other.#farewell) {
      return this.#stopNoticing()
    }
    // A living process answers a keep-alive of a connection that it has forgotten; the others are only silent.
    const answered = other.state === 'dead' && !deaf && !this.#isCut()
    if (this.#noticing !== undefined && (this.#noticing.answered || !answered)) return
    this.#stopNoticing()
    const detail = answered ? 'the other side has forgotten it' : 'nothing was heard for too long'
    const delayMs = answered ? this.#medium.refusedMs(host, other.host) : this.#medium.idleMs(host)
    const error = (): MosaikError => new MosaikError('ERR_CLOSED', `the connection to ${this.remotePeer} was lost: ${detail}`)
    this.#noticing = { answered, event: host.after(delayMs, 'idle', () => this.die(error())) }
  }

  #isCut(): boolean {
    return this.host.state !== 'running' || this.#medium.network.isBlocked(this.host, this.other.host)
  }

  #stopNoticing(): void {
    if (this.#noticing !== undefined) this.host.cancel(this.#noticing.event)
    this.#noticing = undefined
  }

  #transmit({ kind, lane, bytes, deliver }: Message): void {
    const { other, host } = this
    const { network, timeline, trace } = this.#medium
    const size = (bytes?.length ?? 0) + HEADER_BYTES
    const at = Math.max(network.arrival(host, other.host, size, timeline.now), lane.last, this.floor)
    lane.last = at
    this.#lastArrival = Math.max(this.#lastArrival, at)
    const digest = bytes === undefined ? 0 : digestBytes(bytes)
    timeline.at(at, other.host, kind, () => {
      if (other.state !== 'alive') return
      trace.note({ time: timeline.now, kind, from: host.label, to: other.host.label, size, digest })
      deliver(other)
    })
  }
}

/** Both ends of a new connection, pending. */
export function connectEnds(medium: Medium, dialer: [EndOwner, Host], acceptor: [EndOwner, Host]): [End, End] {
  const near = new End(medium, ...dialer, true)
  const far = new End(medium, ...acceptor, false)
  near.other = far
  far.other = near
  return [near, far]
}
