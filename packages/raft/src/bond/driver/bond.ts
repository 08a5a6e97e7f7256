import { CloseReasons, MosaikError } from '@mosaik/core'
import type { CloseReason, GroupId, Link, PeerId } from '@mosaik/core'
import { Assembly } from '../logic/assembly.ts'
import { decodeFrame, violation } from '../wire/frames.ts'
import type { BondFrame } from '../wire/frames.ts'
import { GroupCloseReasons, MAX_BULK_BYTES, MAX_PARTIAL } from '../wire/protocol.ts'
import type { BondContext, Judgement } from './context.ts'
import { Heart } from './heart.ts'
import type { HeartHost } from './heart.ts'
import { Opening } from './opening.ts'
import type { OpeningHost } from './opening.ts'
import type { Party } from './party.ts'
import type { Session } from './session.ts'
import { Sessions } from './sessions.ts'
import { Transmitter } from './transmitter.ts'

/** A bond that no group uses is kept for so long, ms. */
const LINGER_MS = 3_000

/** Who keeps the bonds with a peer. */
export interface BondHost {
  /** The group that the peer asks for, or why not. */
  admit(groupId: GroupId): Party | CloseReason
  /** Do the peer's tickets hold for this group? */
  judge(party: Party): Judgement
  onGroupUp(party: Party): void
  /** The group was refused or has ended on this bond, which goes on. `upAt`: since when it had been up. */
  onGroupEnded(party: Party, reason: CloseReason, upAt: number | undefined): void
  /** The bond is over, and all its groups with it. Called once, last. */
  onEnded(bond: PeerBond, reason: CloseReason): void
}

type Of<T extends BondFrame['type']> = Extract<BondFrame, { type: T }>

/** One stream between two peers, for all groups in common. The peer with the lower id opens groups; the other one asks it to. */
export class PeerBond implements HeartHost, OpeningHost {
  readonly peerId: PeerId
  readonly link: Link
  /** When it was made, by the monotonic clock. */
  readonly since: number
  /** This side opens groups, and sends heartbeats by the clock. */
  readonly isPacer: boolean
  /** When the newest heartbeat that the peer has acknowledged was sent: it was there then or later. By the monotonic clock. */
  heardAt: number | undefined
  readonly #context: BondContext
  readonly #host: BondHost
  readonly #sessions = new Sessions()
  readonly #transmitter: Transmitter
  readonly #assembly = new Assembly(MAX_BULK_BYTES, MAX_PARTIAL)
  readonly #heart: Heart
  readonly #opening: Opening
  #isOver = false
  #cancelLinger: (() => void) | undefined

  constructor(context: BondContext, link: Link, host: BondHost) {
    this.#context = context
    this.#host = host
    this.link = link
    this.peerId = link.peerId
    this.since = context.clock.monotonic()
    this.isPacer = context.endpoint.id < link.peerId
    this.#transmitter = new Transmitter(link, context.meters, () => this.#heart.next())
    this.#heart = new Heart(context, this)
    this.#opening = new Opening(context, this.#sessions, this)
  }

  /** Takes messages from now on. */
  begin(): void {
    this.#context.meters.bonds.add(1)
    this.#reviewLinger()
    this.link.onReady = () => {
      for (const n of this.#transmitter.drained()) this.#sessions.at(n)?.party.ready(this.peerId)
    }
    void this.link.closed.then((reason) => this.#end(reason))
    this.link.onMessage((message) => {
      this.#context.meters.receivedBytes.add(message.length)
      if (!this.#isOver) this.#onFrame(decodeFrame(message))
    })
  }

  /** Groups that are up. */
  get up(): Session[] {
    return this.#sessions.up
  }

  get isIdle(): boolean {
    return this.#sessions.size === 0
  }

  /** Groups being opened or up. */
  get parties(): Party[] {
    return this.#sessions.all.map(({ party }) => party)
  }

  has(party: Party): boolean {
    return this.#sessions.of(party) !== undefined
  }

  /** Opens a group, or asks the peer to. Answers whether it is being opened; if not, nothing may come of it. */
  request(party: Party): boolean {
    if (this.#isOver || this.#sessions.ofGroup(party.groupId) !== undefined) return this.has(party)
    this.#opening.request(party)
    return this.isPacer
  }

  /** False: it is lost. */
  send(party: Party, bytes: Uint8Array, bulk: boolean): boolean {
    const session = this.#sessions.of(party)
    return session?.isUp === true && this.#transmitter.push(session.n, bytes, bulk)
  }

  /** Ends a group's part in it. `sendControl`: what waits of its control frames is still sent. */
  leave(party: Party, reason: CloseReason, sendControl = false): void {
    const session = this.#sessions.of(party)
    if (session !== undefined) this.drop(session, reason, sendControl)
  }

  /** The group is an observer now, or no longer. */
  standing(party: Party): void {
    const session = this.#sessions.of(party)
    if (session === undefined) return
    this.tell({ type: 'standing', n: session.n, observer: party.observer })
    if (party.observer && session.peerObserves) this.drop(session, GroupCloseReasons.BothObserve)
  }

  status(party: Party): void {
    const session = this.#sessions.of(party)
    if (session?.isUp === true) this.#heart.status(session)
  }

  /** The peer's tickets may be others. */
  rejudge(party: Party): void {
    const session = this.#sessions.of(party)
    if (session !== undefined) this.#judge(session)
  }

  /** Sends what the bond itself has to say, then the reason. Resolves when it is over, within 2 s. */
  async close(reason: CloseReason): Promise<void> {
    this.#transmitter.finish()
    const closed = this.link.close(reason)
    this.#end(reason)
    await closed
  }

  onStatus(session: Session, status: Uint8Array): void {
    const thrown = session.party.statusOf(this.peerId, status.slice())
    if (thrown !== undefined) this.#fail(session, thrown)
  }

  onSilence(session: Session, ms: number): void {
    const reason = { ...CloseReasons.Timeout, detail: `no heartbeat was answered for ${Math.round(ms)} ms` }
    this.drop(session, reason)
    if (this.up.length === 0) this.link.abort(reason)
  }

  onDue(): void {
    this.#transmitter.pump()
  }

  admit(groupId: GroupId): Party | CloseReason {
    return this.#host.admit(groupId)
  }

  onBegun(session: Session): void {
    this.#reviewLinger()
    this.#judge(session)
  }

  #onFrame(frame: BondFrame): void {
    switch (frame.type) {
      case 'start':
      case 'welcome':
        throw violation(`a ${frame.type} after the beginning`)
      case 'ask':
      case 'deny':
      case 'open':
        return this.#opening.received(frame)
      case 'beat':
        this.heardAt = this.#heart.received(frame) ?? this.heardAt
        return
      default:
        return this.#onNumbered(frame)
    }
  }

  #onNumbered(frame: Exclude<BondFrame, Of<'start' | 'welcome' | 'ask' | 'deny' | 'open' | 'beat'>>): void {
    const session = this.sessionOf(frame.n)
    if (session === undefined) return // closed here while it was under way
    switch (frame.type) {
      case 'answer':
      case 'prove':
      case 'up':
        return this.#opening.proceed(session, frame)
      case 'close':
        return this.#endSession(session, frame.reason)
      case 'standing':
        session.peerObserves = frame.observer
        if (frame.observer && session.party.observer) this.drop(session, GroupCloseReasons.BothObserve)
        return
      case 'control':
        return this.#deliver(session, frame.payload, 'control')
      case 'part':
        return this.#assemble(session, this.#assembly.part(frame.n, frame.payload))
      case 'bulk':
        return this.#assemble(session, this.#assembly.finish(frame.n, frame.payload))
    }
  }

  /** Undefined for one that has ended; throws for one that never was. */
  sessionOf(n: number): Session | undefined {
    return this.#sessions.at(n)
  }

  onUp(session: Session, hello: Uint8Array): void {
    const { clock, meters, logger } = this.#context
    const { party, n } = session
    session.cancelTimeout()
    session.upAt = clock.monotonic()
    this.#transmitter.open(n)
    meters.shares.add(1)
    this.#heart.join(session)
    logger.debug('bonded with %s in group %s', this.peerId, party.groupId)
    const thrown = party.up({ peerId: this.peerId, since: clock.now() }, hello.slice())
    if (!this.#sessions.has(session)) return // the group has left
    if (thrown !== undefined) return this.#fail(session, thrown)
    this.#host.onGroupUp(party)
  }

  #deliver(session: Session, bytes: Uint8Array, kind: 'control' | 'bulk'): void {
    if (!session.isUp) throw violation(`a ${kind} frame before the handshake`)
    const thrown = session.party.frame(this.peerId, bytes, kind)
    if (thrown !== undefined) this.#fail(session, thrown)
  }

  #assemble(session: Session, result: Uint8Array | string | undefined): void {
    if (!session.isUp) throw violation('a bulk frame before the handshake')
    if (typeof result === 'string') throw violation(result)
    if (result !== undefined) this.#deliver(session, result, 'bulk')
  }

  /** The group did not take what came. */
  #fail(session: Session, thrown: unknown): void {
    if (!this.#sessions.has(session)) return
    const detail = thrown instanceof Error ? thrown.message : String(thrown)
    if (!MosaikError.is(thrown, 'ERR_PROTOCOL')) return this.drop(session, GroupCloseReasons.GroupFailed)
    this.#context.logger.warn('%s broke the protocol of group %s: %s', this.peerId, session.party.groupId, detail)
    this.drop(session, { ...CloseReasons.ProtocolViolation, detail })
  }

  /** Ends it when the peer's tickets do not hold, and looks again when they expire. */
  #judge(session: Session): void {
    session.cancelExpiry()
    const judgement = this.#host.judge(session.party)
    if (!judgement.allowed) return this.drop(session, judgement.reason)
    session.cancelExpiry = this.#context.atExpiry(judgement.until, () => this.#judge(session))
  }

  /** Ends it, and tells the peer why. */
  drop(session: Session, reason: CloseReason, sendControl = false): void {
    if (!this.#sessions.has(session)) return
    this.#transmitter.close(session.n, sendControl)
    this.tell({ type: 'close', n: session.n, reason })
    this.#endSession(session, reason)
  }

  #endSession(session: Session, reason: CloseReason): void {
    if (!this.#forget(session, reason)) return
    this.#host.onGroupEnded(session.party, reason, session.upAt)
    this.#reviewLinger()
  }

  #forget(session: Session, reason: CloseReason): boolean {
    const { n, party } = session
    if (!this.#sessions.has(session)) return false
    session.stop()
    this.#sessions.remove(session)
    this.#assembly.forget(n)
    this.#transmitter.close(n, false)
    if (!this.#isOver) this.#heart.leave(session)
    this.#context.meters.groupEnded(reason.name)
    this.#context.logger.debug('group %s ended on the bond with %s: %s %s', party.groupId, this.peerId, reason.name, reason.detail ?? '')
    if (!session.isUp) return true
    this.#context.meters.shares.add(-1)
    party.down(this.peerId, reason)
    return true
  }

  tell(frame: BondFrame): void {
    if (this.#isOver || this.#transmitter.own(frame)) return
    this.link.abort({ ...CloseReasons.TooManyRequests, detail: 'asks for more than it reads' })
  }

  #reviewLinger(): void {
    this.#cancelLinger?.()
    this.#cancelLinger = undefined
    if (this.#isOver || this.#sessions.size > 0) return
    this.#cancelLinger = this.#context.clock.after(LINGER_MS, () => void this.close(GroupCloseReasons.NothingInCommon))
  }

  #end(reason: CloseReason): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#heart.stop()
    this.#cancelLinger?.()
    this.#context.meters.bonds.add(-1)
    this.#context.meters.ended(reason.name)
    for (const session of this.#sessions.all) this.#forget(session, reason)
    this.#host.onEnded(this, reason)
  }
}
