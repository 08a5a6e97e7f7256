import { CloseReasons, createWatch, MosaikError } from '@mosaik/core'
import type { Clock, CloseReason, Logger, NetworkId, PeerId, Prng, WatchSource } from '@mosaik/core'
import type { Connection, Stream } from '@libp2p/interface'
import { openControl } from './control/channel.ts'
import { CONTROL_PROTOCOL, hex, INCARNATION_BYTES, type Ack, type ControlFrame, type Hello } from './control/frames.ts'
import { createGreeting, differentNetwork, refusedBy, type Greeting, type Refusal } from './control/greeting.ts'
import { answerBeat, startHeartbeat } from './control/heartbeat.ts'
import { isIdle, NO_PAIR, pairStep, type Dialled, type PairEffect, type PairEvent, type PairState } from './logic/pairing.ts'
import type { NetworkMetrics } from './network-metrics.ts'
import { Session } from './session.ts'
import { duplexOf } from './stream/duplex-of.ts'

/** A hello, or its answer, must come within this time, ms. */
export const HELLO_MS = 10_000
/** Streams of a peer that wait for the end of its verification. */
const MAX_HELD = 64
/** Inbound connections that have not said hello; one more ends the oldest of them. */
const MAX_UNVERIFIED = 512
/** How long a goodbye may take, ms: for what was sent to arrive, and for the peer to hang up. */
export const GOODBYE_MS = 1500

const CLOSING: Refusal = { reason: CloseReasons.GracefulShutdown, label: 'closing', detail: CloseReasons.GracefulShutdown.name }

export interface ConnectionsInit {
  readonly id: PeerId
  readonly networkId: NetworkId
  readonly clock: Clock
  readonly prng: Prng
  readonly logger: Logger
  readonly metrics: NetworkMetrics
  /** A stream of a verified peer, for the protocol's handler. */
  readonly onStream: (session: Session, protocol: string, stream: Stream) => void
}

/** All connections, verified one per peer. */
export class Connections {
  readonly verified: WatchSource<ReadonlySet<PeerId>> = createWatch<ReadonlySet<PeerId>>(new Set())
  readonly onVerified: Set<(peer: PeerId, connection: Connection) => void> = new Set()
  readonly onLost: Set<(peer: PeerId) => void> = new Set()
  readonly tolerated: Set<(peer: PeerId) => boolean> = new Set()
  /** Peers to which a dial is meant to replace a connection that is well. */
  readonly upgrading: Set<PeerId> = new Set()
  readonly #init: ConnectionsInit
  readonly #greeting: Greeting
  #attempts = 0
  readonly #sessions = new Map<string, Session>()
  /** Also those that are gone: whoever dialled them asks for their outcome. */
  readonly #byConnection = new WeakMap<Connection, Session>()
  readonly #pairs = new Map<PeerId, PairState>()
  /** Inbound, and without a hello so far; oldest first. */
  readonly #unverified = new Set<Session>()
  readonly #stopBeating: () => void
  #closing: MosaikError | undefined

  constructor(init: ConnectionsInit) {
    this.#init = init
    this.#greeting = createGreeting(init.networkId, init.id, hex(init.prng.bytes(INCARNATION_BYTES)))
    this.#stopBeating = startHeartbeat({ ...init, sessions: () => this.#sessions.values() })
  }

  get sessions(): Iterable<Session> {
    return this.#sessions.values()
  }

  /** The verified connection to a peer. */
  current(peer: PeerId): Session | undefined {
    const key = this.#pairs.get(peer)?.current?.key
    return key === undefined ? undefined : this.#sessions.get(key)
  }

  /** Resolves when the peer of this fresh connection is verified, on it or on another one. Rejects with why not. */
  async settled(connection: Connection, signal: AbortSignal): Promise<Session> {
    const session = this.#byConnection.get(connection)
    if (session === undefined) throw new MosaikError('ERR_UNREACHABLE', 'the endpoint does not know this connection')
    await session.outcome.promise
    return this.verifiedSession(session.peer, signal)
  }

  /** Waits until this peer has a verified connection. */
  async verifiedSession(peer: PeerId, signal: AbortSignal): Promise<Session> {
    for (;;) {
      const session = this.current(peer)
      if (session !== undefined) return session
      await this.verified.until(() => this.current(peer) !== undefined, { signal })
    }
  }

  opened(connection: Connection): void {
    const session = new Session(connection, this.#init.clock)
    this.#sessions.set(session.key, session)
    this.#byConnection.set(connection, session)
    connection.addEventListener('close', (event) => this.#onClosed(session, event.error))
    if (this.#closing !== undefined) return session.abort(this.#closing)
    session.cancelDeadline = this.#init.clock.after(HELLO_MS, () => this.#onSilence(session))
    if (connection.direction === 'outbound') {
      const { key, peer } = session
      this.#step(peer, { type: 'dialled', key, attempt: ++this.#attempts, upgrade: this.upgrading.has(peer) })
      return
    }
    this.#unverified.add(session)
    const [oldest] = this.#unverified
    if (oldest === undefined || this.#unverified.size <= MAX_UNVERIFIED) return
    this.#refuse(oldest, 'crowded', new MosaikError('ERR_CLOSED', `${MAX_UNVERIFIED} newer connections wait for a hello`))
  }

  /** A control stream that the dialer of this connection has opened. */
  onControlStream(stream: Stream, connection: Connection): void {
    const session = this.#sessions.get(connection.id)
    if (session === undefined || session.control !== undefined || connection.direction !== 'inbound') {
      stream.abort(new Error('a connection has one control stream, opened by its dialer'))
      return
    }
    this.#attachControl(session, stream)
  }

  /** A stream for a protocol of Mosaik. It waits while the peer is not verified yet, and is refused when it will not be. */
  onProtocolStream(protocol: string, stream: Stream, connection: Connection): void {
    const session = this.#sessions.get(connection.id)
    if (session !== undefined && session.usable) return this.#init.onStream(session, protocol, stream)
    if (session?.state === 'new' && session.held.length < MAX_HELD) {
      session.held.push({ protocol, stream })
      return
    }
    this.#init.metrics.streamRefused('unverified').add()
    stream.abort(new Error('the connection is not verified'))
  }

  /** Called when a stream of a session has ended or its reader has been told of the end. */
  onStreamProgress(session: Session): void {
    if (session.state === 'retired' && session.streams.size === 0) this.#hangUp(session)
    else if (session.state === 'leaving' && [...session.streams].every((stream) => stream.ended)) this.#hangUp(session)
  }

  /** Says goodbye on the connection to a peer if this side has dialled it, nothing is under way on it, and nobody needs it for itself. */
  release(peer: PeerId): void {
    const session = this.current(peer)
    if (session === undefined || session.connection.direction !== 'outbound' || session.streams.size > 0 || this.#isTolerated(session))
      return
    void this.goodbye(session, CloseReasons.Success)
  }

  /** Says goodbye on a connection and waits for the peer to hang up, at most `GOODBYE_MS`. */
  async goodbye(session: Session, reason: CloseReason): Promise<void> {
    const error = new MosaikError('ERR_CLOSED', `the connection was closed here: ${reason.name}`)
    if (session.control === undefined || !(session.usable || session.state === 'leaving')) return session.abort(error)
    session.control.send({ type: 'bye', code: reason.code, detail: reason.name })
    const cancel = this.#init.clock.after(GOODBYE_MS, () => session.abort(error))
    await session.gone()
    cancel()
  }

  /** Takes no more connections, says goodbye on all, and ends. */
  async close(reason: MosaikError): Promise<void> {
    this.#closing = reason
    const goodbyes = [...this.#sessions.values()].map((session) => this.goodbye(session, CloseReasons.GracefulShutdown))
    await Promise.all(goodbyes)
    this.#stopBeating()
    this.verified.close(reason)
  }

  #step(peer: PeerId, event: PairEvent): void {
    const [state, effects] = pairStep(this.#pairs.get(peer) ?? NO_PAIR, event, this.#init.id < peer)
    if (isIdle(state)) this.#pairs.delete(peer)
    else this.#pairs.set(peer, state)
    for (const effect of effects) this.#run(peer, effect)
  }

  #run(peer: PeerId, effect: PairEffect): void {
    if (effect.type === 'lost') return this.#setVerified(peer, false)
    const session = this.#sessions.get(effect.key)
    if (session === undefined || session.state === 'closed') return
    switch (effect.type) {
      case 'greet':
        void this.#greet(session, effect)
        return
      case 'ack': {
        const { version, proof, incarnation } = this.#greeting.words(peer)
        session.control?.send({ type: 'ack', version, proof, incarnation, crossing: this.#attempts })
        return
      }
      case 'drop':
        session.outcome.resolve()
        return session.abort(new Error('there is a better connection to this peer'))
      case 'replace':
        this.#init.metrics.lost('replaced').add()
        return session.abort(new MosaikError('ERR_CLOSED', 'the peer came back on another connection'))
      case 'retire':
        session.state = 'retired'
        return this.onStreamProgress(session)
      case 'verified':
        return this.#onVerified(session)
    }
  }

  /** Opens the control stream of a connection that we have dialled, and says hello. */
  async #greet(session: Session, { attempt, upgrade }: Dialled): Promise<void> {
    let stream: Stream
    try {
      const signal = AbortSignal.timeout(HELLO_MS)
      stream = await session.connection.newStream(CONTROL_PROTOCOL, { signal, runOnLimitedConnection: true })
    } catch (error) {
      const foreign = (error as Error).name === 'UnsupportedProtocolError'
      const what = foreign ? 'the peer does not speak Mosaik' : `the connection broke before the hello: ${(error as Error).message}`
      return this.#refuse(session, foreign ? 'foreign' : 'broken', new MosaikError('ERR_UNREACHABLE', what, { cause: error }))
    }
    if (session.state !== 'new') return stream.abort(new Error('the connection is no longer needed'))
    this.#attachControl(session, stream)
    session.control?.send({ type: 'hello', ...this.#greeting.words(session.peer), attempt, upgrade })
  }

  #attachControl(session: Session, stream: Stream): void {
    session.control = openControl(duplexOf(stream), {
      onFrame: (frame) => this.#onFrame(session, frame),
      onClosed: (error) => {
        if (session.state !== 'closed' && session.state !== 'foreign')
          session.abort(new MosaikError('ERR_CLOSED', `the control stream ended: ${error?.message ?? 'by the peer'}`))
      },
    })
  }

  #onFrame(session: Session, frame: ControlFrame): void {
    const now = this.#init.clock.monotonic()
    session.liveness = { ...session.liveness, heardAt: now }
    const dialled = session.connection.direction === 'outbound'
    switch (frame.type) {
      case 'hello':
        if (dialled || session.state !== 'new') return session.abort(new MosaikError('ERR_PROTOCOL', 'a second or misplaced hello'))
        return this.#onHello(session, frame)
      case 'ack':
        if (!dialled || session.state !== 'new') return session.abort(new MosaikError('ERR_PROTOCOL', 'a second or misplaced ack'))
        return this.#onAck(session, frame)
      case 'refuse':
        return this.#refuse(session, 'by-peer', refusedBy(session.peer, frame.code, frame.detail))
      case 'bye':
        return this.#onBye(session, frame.detail)
      case 'beat':
        return answerBeat(session, now)
    }
  }

  #onAck(session: Session, ack: Ack): void {
    const { key, peer } = session
    const wrong = this.#greeting.judgeAck(peer, ack)
    if (wrong !== undefined) return this.#refuse(session, wrong.code === 'ERR_DIFFERENT_NETWORK' ? 'network' : 'version', wrong)
    this.#step(peer, { type: 'acked', key, incarnation: ack.incarnation, crossing: ack.crossing })
  }

  #onHello(session: Session, hello: Hello): void {
    this.#unverified.delete(session)
    const { key, peer } = session
    if (this.#closing !== undefined) return this.#sayNo(session, CLOSING)
    const refusal = this.#greeting.judgeHello(peer, hello)
    if (refusal !== undefined) return this.#sayNo(session, refusal)
    const { incarnation, attempt, upgrade } = hello
    this.#step(peer, { type: 'hello', key, incarnation, attempt, upgrade })
  }

  /** Refuses a hello: says why, and hangs up when the peer has had time to read it. */
  #sayNo(session: Session, { reason, label, detail }: Refusal): void {
    this.#init.metrics.refused(label).add()
    this.#init.logger.info('refused %s: %s', session.peer, detail)
    session.control?.send({ type: 'refuse', code: reason.code, detail })
    session.cancelDeadline()
    if (reason === CloseReasons.DifferentNetwork && this.#keepForeign(session, differentNetwork(session.peer))) return
    session.cancelDeadline = this.#init.clock.after(GOODBYE_MS, () => session.abort(new Error(`refused: ${detail}`)))
  }

  /** A connection that we have dialled is of no use. */
  #refuse(session: Session, label: string, error: MosaikError): void {
    if (this.#keepForeign(session, error)) return
    this.#init.metrics.refused(label).add()
    session.abort(error)
  }

  /** Leaves a connection as it is when somebody has use for it without Mosaik's streams. One per peer is enough. */
  #keepForeign(session: Session, error: MosaikError): boolean {
    if (!this.#isTolerated(session)) return false
    for (const other of this.#sessions.values()) if (other.peer === session.peer && other.state === 'foreign') return false
    session.state = 'foreign'
    session.cancelDeadline()
    session.outcome.reject(error)
    for (const { stream } of session.held.splice(0)) stream.abort(error)
    this.#step(session.peer, { type: 'gone', key: session.key })
    return true
  }

  #onSilence(session: Session): void {
    if (session.state !== 'new') return
    this.#init.logger.warn('%s did not complete its hello within %d ms', session.peer, HELLO_MS)
    this.#refuse(session, 'silent', new MosaikError('ERR_TIMEOUT', `${session.peer} did not answer the hello within ${HELLO_MS} ms`))
  }

  #isTolerated(session: Session): boolean {
    return [...this.tolerated].some((tolerated) => tolerated(session.peer))
  }

  #onVerified(session: Session): void {
    session.state = 'verified'
    session.cancelDeadline()
    session.outcome.resolve()
    this.#init.metrics.opened.add()
    this.#init.logger.debug('connected to %s at %s', session.peer, session.connection.remoteAddr.toString())
    this.#setVerified(session.peer, true)
    for (const listener of this.onVerified) listener(session.peer, session.connection)
    for (const { protocol, stream } of session.held.splice(0)) this.#init.onStream(session, protocol, stream)
  }

  #onBye(session: Session, detail: string): void {
    if (!session.usable) return session.abort(new MosaikError('ERR_CLOSED', `the peer said goodbye: ${detail}`))
    this.#init.logger.debug('%s says goodbye: %s', session.peer, detail)
    session.state = 'leaving'
    this.#step(session.peer, { type: 'gone', key: session.key })
    session.cancelDeadline = this.#init.clock.after(GOODBYE_MS, () => this.#hangUp(session))
    this.onStreamProgress(session)
  }

  #hangUp(session: Session): void {
    session.abort(new MosaikError('ERR_CLOSED', 'the connection was closed by agreement'))
  }

  #onClosed(session: Session, error: Error | undefined): void {
    if (session.state === 'closed') return
    const why = error ?? new Error('the connection was lost')
    if (session.usable) this.#init.logger.debug('connection to %s ended: %s', session.peer, why.message)
    this.#sessions.delete(session.key)
    this.#unverified.delete(session)
    session.onClosed(MosaikError.is(why) ? why : new MosaikError('ERR_UNREACHABLE', why.message, { cause: why }))
    this.#step(session.peer, { type: 'gone', key: session.key })
  }

  #setVerified(peer: PeerId, connected: boolean): void {
    const peers = new Set(this.verified.value)
    if (connected === peers.has(peer)) return
    if (connected) peers.add(peer)
    else peers.delete(peer)
    this.#init.metrics.active.set(peers.size)
    this.verified.set(peers)
    if (!connected) for (const listener of this.onLost) listener(peer)
  }
}
