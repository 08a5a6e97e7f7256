import { CloseReasons, MosaikError } from '@mosaik/core'
import type { CloseReason, GroupId, Link, PeerId } from '@mosaik/core'
import { Assembly } from '../logic/assembly.ts'
import { Handshake } from '../logic/handshake.ts'
import type { Verdict } from '../logic/handshake.ts'
import { decodeFrame, violation } from '../wire/frames.ts'
import type { BondFrame } from '../wire/frames.ts'
import { GroupCloseReasons, MAX_BULK_BYTES, MAX_PARTIAL, NONCE_BYTES } from '../wire/protocol.ts'
import type { BondContext, Judgement } from './context.ts'
import { Heart } from './heart.ts'
import type { HeartHost } from './heart.ts'
import type { Party } from './party.ts'
import { Session } from './session.ts'
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
export class PeerBond implements HeartHost {
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
  readonly #sessions = new Map<number, Session>()
  readonly #byGroup = new Map<GroupId, Session>()
  readonly #transmitter: Transmitter
  readonly #assembly = new Assembly(MAX_BULK_BYTES, MAX_PARTIAL)
  readonly #heart: Heart
  /** The newest number of a session. */
  #newest = 0
  #hasWarned = false
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
  }

  /** Takes messages from now on. */
  begin(): void {
    this.#context.meters.bonds.add(1)
    this.#reviewLinger()
    this.link.onReady = () => {
      for (const n of this.#transmitter.drained()) this.#sessions.get(n)?.party.ready(this.peerId)
    }
    void this.link.closed.then((reason) => this.#end(reason))
    this.link.onMessage((message) => {
      this.#context.meters.receivedBytes.add(message.length)
      if (!this.#isOver) this.#onFrame(decodeFrame(message))
    })
  }

  /** Groups that are up. */
  get up(): Session[] {
    return [...this.#sessions.values()].filter(({ isUp }) => isUp)
  }

  get isIdle(): boolean {
    return this.#sessions.size === 0
  }

  /** Groups being opened or up. */
  get parties(): Party[] {
    return [...this.#sessions.values()].map(({ party }) => party)
  }

  has(party: Party): boolean {
    return this.#byGroup.get(party.groupId)?.party === party
  }

  /** Opens a group, or asks the peer to. Answers whether it is being opened; if not, nothing may come of it. */
  request(party: Party): boolean {
    if (this.#isOver || this.#byGroup.has(party.groupId)) return this.has(party)
    if (this.isPacer) this.#open(party)
    else this.#own({ type: 'ask', groupId: party.groupId })
    return this.isPacer
  }

  /** False: it is lost. */
  send(party: Party, bytes: Uint8Array, bulk: boolean): boolean {
    const session = this.#byGroup.get(party.groupId)
    return session?.isUp === true && session.party === party && this.#transmitter.push(session.n, bytes, bulk)
  }

  /** Ends a group's part in it. `sendControl`: what waits of its control frames is still sent. */
  drop(party: Party, reason: CloseReason, sendControl = false): void {
    const session = this.#byGroup.get(party.groupId)
    if (session?.party === party) this.#drop(session, reason, sendControl)
  }

  /** The group is an observer now, or no longer. */
  standing(party: Party): void {
    const session = this.#byGroup.get(party.groupId)
    if (session?.party !== party) return
    this.#own({ type: 'standing', n: session.n, observer: party.observer })
    if (party.observer && session.peerObserves) this.#drop(session, GroupCloseReasons.BothObserve)
  }

  status(party: Party): void {
    const session = this.#byGroup.get(party.groupId)
    if (session?.isUp === true && session.party === party) this.#heart.status(session)
  }

  /** The peer's tickets may be others. */
  rejudge(party: Party): void {
    const session = this.#byGroup.get(party.groupId)
    if (session?.party === party) this.#judge(session)
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
    this.#drop(session, reason)
    if (this.up.length === 0) this.link.abort(reason)
  }

  onDue(): void {
    this.#transmitter.pump()
  }

  #open(party: Party): void {
    const nonce = this.#context.prng.bytes(NONCE_BYTES)
    const session = this.#begin(++this.#newest, party, nonce, false)
    this.#own({ type: 'open', n: session.n, groupId: party.groupId, nonce, observer: party.observer })
    this.#judge(session)
  }

  #begin(n: number, party: Party, nonce: Uint8Array, peerObserves: boolean): Session {
    const { clock, endpoint, handshakeMs } = this.#context
    const role = this.isPacer ? 'opener' : 'responder'
    const { secret, groupId } = party
    const who = { networkId: endpoint.networkId, me: endpoint.id, peer: this.peerId }
    const session = new Session(n, party, new Handshake({ role, secret, groupId, nonce, ...who }), peerObserves)
    const late = { ...CloseReasons.Timeout, detail: `the handshake of a group took more than ${handshakeMs} ms` }
    session.cancelTimeout = clock.after(handshakeMs, () => this.#drop(session, late))
    this.#sessions.set(n, session)
    this.#byGroup.set(party.groupId, session)
    this.#reviewLinger()
    return session
  }

  #onFrame(frame: BondFrame): void {
    switch (frame.type) {
      case 'start':
      case 'welcome':
        throw violation(`a ${frame.type} after the beginning`)
      case 'ask':
        return this.#onAsk(frame)
      case 'deny':
        return this.#onDeny(frame)
      case 'open':
        return this.#onOpen(frame)
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
        return this.#onAnswer(session, frame)
      case 'prove':
        return this.#onProve(session, frame)
      case 'up':
        return this.#take(session, session.handshake.confirmed(), () => this.#up(session, frame.hello))
      case 'close':
        return this.#endSession(session, frame.reason)
      case 'standing':
        session.peerObserves = frame.observer
        if (frame.observer && session.party.observer) this.#drop(session, GroupCloseReasons.BothObserve)
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
    if (n === 0 || n > this.#newest) throw violation(`a frame of group number ${n}, which was never opened`)
    return this.#sessions.get(n)
  }

  #onAsk({ groupId }: Of<'ask'>): void {
    if (!this.isPacer) throw violation('an ask by the peer that opens groups itself')
    if (this.#byGroup.has(groupId)) return
    const party = this.#host.admit(groupId)
    if ('code' in party) this.#own({ type: 'deny', groupId, reason: party })
    else this.#open(party)
  }

  #onDeny({ groupId, reason }: Of<'deny'>): void {
    if (this.isPacer) throw violation('a deny by the peer that does not open groups')
    // Whoever asked tries again after a pause in any case.
    this.#context.meters.groupEnded(reason.name)
    this.#context.logger.debug('%s will not open group %s: %s %s', this.peerId, groupId, reason.name, reason.detail ?? '')
  }

  #onOpen({ n, groupId, nonce: theirs, observer }: Of<'open'>): void {
    if (this.isPacer) throw violation('an open by the peer that does not open groups')
    if (n <= this.#newest) throw violation(`group number ${n} after ${this.#newest}`)
    if (this.#byGroup.has(groupId)) throw violation('a group opened twice')
    this.#newest = n
    const party = this.#host.admit(groupId)
    if ('code' in party) return this.#own({ type: 'close', n, reason: party })
    const nonce = this.#context.prng.bytes(NONCE_BYTES)
    const session = this.#begin(n, party, nonce, observer)
    if (observer && party.observer) return this.#drop(session, GroupCloseReasons.BothObserve)
    this.#own({ type: 'answer', n, nonce, proof: session.handshake.answer(theirs), observer: party.observer })
    this.#judge(session)
  }

  #onAnswer(session: Session, { nonce, proof, observer }: Of<'answer'>): void {
    session.peerObserves = observer
    this.#take(session, session.handshake.answered(nonce, proof), () => {
      const hello = this.#hello(session)
      if (hello !== undefined) this.#own({ type: 'prove', n: session.n, proof: session.handshake.prove(), hello })
    })
  }

  #onProve(session: Session, { proof, hello: theirs }: Of<'prove'>): void {
    this.#take(session, session.handshake.proved(proof), () => {
      const hello = this.#hello(session)
      if (hello === undefined) return
      this.#own({ type: 'up', n: session.n, hello })
      this.#up(session, theirs)
    })
  }

  /** Undefined: the group failed to say anything, and is out. */
  #hello(session: Session): Uint8Array | undefined {
    const hello = session.party.hello()
    if (hello === undefined) this.#drop(session, GroupCloseReasons.GroupFailed)
    return this.#sessions.get(session.n) === session ? hello : undefined
  }

  #take(session: Session, verdict: Verdict, next: () => void): void {
    if (verdict === 'out of turn') throw violation(`a frame of a handshake that is ${session.handshake.phase}`)
    if (verdict === 'ok') return next()
    const { logger, meters } = this.#context
    meters.invalidProofs.add()
    logger[this.#hasWarned ? 'debug' : 'warn']('%s does not know the key of group %s', this.peerId, session.party.groupId)
    this.#hasWarned = true
    this.#drop(session, GroupCloseReasons.InvalidProof)
  }

  #up(session: Session, hello: Uint8Array): void {
    const { clock, meters, logger } = this.#context
    const { party, n } = session
    session.cancelTimeout()
    session.upAt = clock.monotonic()
    this.#transmitter.open(n)
    meters.shares.add(1)
    this.#heart.join(session)
    logger.debug('bonded with %s in group %s', this.peerId, party.groupId)
    const thrown = party.up({ peerId: this.peerId, since: clock.now() }, hello.slice())
    if (this.#sessions.get(n) !== session) return // the group has left
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
    if (this.#sessions.get(session.n) !== session) return
    const detail = thrown instanceof Error ? thrown.message : String(thrown)
    if (!MosaikError.is(thrown, 'ERR_PROTOCOL')) return this.#drop(session, GroupCloseReasons.GroupFailed)
    this.#context.logger.warn('%s broke the protocol of group %s: %s', this.peerId, session.party.groupId, detail)
    this.#drop(session, { ...CloseReasons.ProtocolViolation, detail })
  }

  /** Ends it when the peer's tickets do not hold, and looks again when they expire. */
  #judge(session: Session): void {
    session.cancelExpiry()
    const judgement = this.#host.judge(session.party)
    if (!judgement.allowed) return this.#drop(session, judgement.reason)
    session.cancelExpiry = this.#context.atExpiry(judgement.until, () => this.#judge(session))
  }

  #drop(session: Session, reason: CloseReason, sendControl = false): void {
    if (this.#sessions.get(session.n) !== session) return
    this.#transmitter.close(session.n, sendControl)
    this.#own({ type: 'close', n: session.n, reason })
    this.#endSession(session, reason)
  }

  #endSession(session: Session, reason: CloseReason): void {
    if (!this.#forget(session, reason)) return
    this.#host.onGroupEnded(session.party, reason, session.upAt)
    this.#reviewLinger()
  }

  #forget(session: Session, reason: CloseReason): boolean {
    const { n, party } = session
    if (this.#sessions.get(n) !== session) return false
    session.stop()
    this.#sessions.delete(n)
    this.#byGroup.delete(party.groupId)
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

  #own(frame: BondFrame): void {
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
    for (const session of [...this.#sessions.values()]) this.#forget(session, reason)
    this.#host.onEnded(this, reason)
  }
}
