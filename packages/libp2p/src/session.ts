import type { Clock, PeerId } from '@mosaik/core'
import type { Connection, Stream } from '@libp2p/interface'
import type { ControlChannel } from './control/channel.ts'
import type { Liveness } from './logic/liveness.ts'
import type { OpenStream } from './stream/byte-stream.ts'

/**
 * `new`: no hello answered yet. `verified`: the peer's one connection. `retired`: another one has taken over, this one
 * lives until its streams end. `leaving`: one side has said goodbye. `foreign`: of another network, or of no network at
 * all, and tolerated as it is (a relay, a server of a table); Mosaik's streams are refused. `closed`: gone.
 */
export type SessionState = 'new' | 'verified' | 'retired' | 'leaving' | 'foreign' | 'closed'

/** A stream of the peer that came before the connection was verified. */
export interface HeldStream {
  readonly protocol: string
  readonly stream: Stream
}

/** What is known of one libp2p connection. */
export class Session {
  readonly key: string
  readonly peer: PeerId
  readonly connection: Connection
  readonly streams: Set<OpenStream> = new Set()
  readonly outcome: PromiseWithResolvers<void> = Promise.withResolvers<void>()
  state: SessionState = 'new'
  control: ControlChannel | undefined
  held: HeldStream[] = []
  inbound = 0
  liveness: Liveness
  /** When a beat of the dialer was last answered. */
  answeredAt: number = Number.NEGATIVE_INFINITY
  /** Cancels what waits for the hello or its answer. */
  cancelDeadline: () => void = () => undefined
  readonly #closing: (() => void)[] = []

  constructor(connection: Connection, clock: Clock) {
    this.key = connection.id
    this.peer = connection.remotePeer.toString() as PeerId
    this.connection = connection
    this.liveness = { heardAt: clock.monotonic(), suspect: false }
    this.outcome.promise.catch(() => undefined) // Whoever asks for it hears of a failure.
  }

  /** May carry Mosaik's streams. */
  get usable(): boolean {
    return this.state === 'verified' || this.state === 'retired'
  }

  /** Settles when the connection is gone. */
  gone(): Promise<void> {
    if (this.state === 'closed') return Promise.resolve()
    return new Promise((resolve) => this.#closing.push(resolve))
  }

  /** Ends the connection at once. */
  abort(error: Error): void {
    this.outcome.reject(error)
    if (this.connection.status === 'closed' || this.connection.status === 'aborted') return
    try {
      this.connection.abort(error)
    } catch {
      // A relayed connection throws when the stream below it broke first: it is gone either way.
    }
  }

  /** The connection is gone: everything that waited on it is let go. */
  onClosed(error: Error): void {
    this.state = 'closed'
    this.cancelDeadline()
    this.outcome.reject(error)
    for (const { stream } of this.held) stream.abort(error)
    this.held = []
    this.control?.abort(error)
    for (const resolve of this.#closing.splice(0)) resolve()
  }
}
