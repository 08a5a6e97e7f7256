import { CloseReasons } from '@mosaik/core'
import type { CloseReason, GroupId, PeerId } from '@mosaik/core'
import { Handshake } from '../logic/handshake.ts'
import type { Verdict } from '../logic/handshake.ts'
import { violation } from '../wire/frames.ts'
import type { BondFrame } from '../wire/frames.ts'
import { GroupCloseReasons, NONCE_BYTES } from '../wire/protocol.ts'
import type { BondContext } from './context.ts'
import type { Party } from './party.ts'
import { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

/** The bond, as the opening of its groups needs it. */
export interface OpeningHost {
  readonly peerId: PeerId
  /** The side that opens groups; the other one asks it to. */
  readonly isPacer: boolean
  /** The group that the peer asks for, or why not. */
  admit(groupId: GroupId): Party | CloseReason
  tell(frame: BondFrame): void
  onBegun(session: Session): void
  /** Both sides have proved the key; `hello` is what the peer says of itself. */
  onUp(session: Session, hello: Uint8Array): void
  drop(session: Session, reason: CloseReason): void
}

type Of<T extends BondFrame['type']> = Extract<BondFrame, { type: T }>

/** How groups come up on one bond: who may open them, and how both sides prove their keys. */
export class Opening {
  readonly #context: BondContext
  readonly #sessions: Sessions
  readonly #host: OpeningHost
  #hasWarned = false

  constructor(context: BondContext, sessions: Sessions, host: OpeningHost) {
    this.#context = context
    this.#sessions = sessions
    this.#host = host
  }

  /** Opens a group, or asks the peer to. */
  request(party: Party): void {
    if (this.#host.isPacer) this.#open(party)
    else this.#host.tell({ type: 'ask', groupId: party.groupId })
  }

  /** Throws `ERR_PROTOCOL`. */
  received(frame: Of<'ask' | 'deny' | 'open'>): void {
    if (frame.type === 'ask') this.#onAsk(frame)
    else if (frame.type === 'deny') this.#onDeny(frame)
    else this.#onOpen(frame)
  }

  /** The next step of a handshake. Throws `ERR_PROTOCOL`. */
  proceed(session: Session, frame: Of<'answer' | 'prove' | 'up'>): void {
    if (frame.type === 'answer') this.#onAnswer(session, frame)
    else if (frame.type === 'prove') this.#onProve(session, frame)
    else this.#take(session, session.handshake.confirmed(), () => this.#host.onUp(session, frame.hello))
  }

  #open(party: Party): void {
    const nonce = this.#context.prng.bytes(NONCE_BYTES)
    const session = this.#begin(++this.#sessions.newest, party, nonce, false)
    this.#host.tell({ type: 'open', n: session.n, groupId: party.groupId, nonce, observer: party.observer })
    this.#host.onBegun(session)
  }

  #begin(n: number, party: Party, nonce: Uint8Array, peerObserves: boolean): Session {
    const { clock, endpoint, handshakeMs } = this.#context
    const role = this.#host.isPacer ? 'opener' : 'responder'
    const { secret, groupId } = party
    const who = { networkId: endpoint.networkId, me: endpoint.id, peer: this.#host.peerId }
    const session = new Session(n, party, new Handshake({ role, secret, groupId, nonce, ...who }), peerObserves)
    const late = { ...CloseReasons.Timeout, detail: `the handshake of a group took more than ${handshakeMs} ms` }
    session.cancelTimeout = clock.after(handshakeMs, () => this.#host.drop(session, late))
    this.#sessions.add(session)
    return session
  }

  #onAsk({ groupId }: Of<'ask'>): void {
    if (!this.#host.isPacer) throw violation('an ask by the peer that opens groups itself')
    if (this.#sessions.ofGroup(groupId) !== undefined) return
    const party = this.#host.admit(groupId)
    if ('code' in party) this.#host.tell({ type: 'deny', groupId, reason: party })
    else this.#open(party)
  }

  #onDeny({ groupId, reason }: Of<'deny'>): void {
    if (this.#host.isPacer) throw violation('a deny by the peer that does not open groups')
    // Whoever asked tries again after a pause in any case.
    this.#context.meters.groupEnded(reason.name)
    this.#context.logger.debug('%s will not open group %s: %s %s', this.#host.peerId, groupId, reason.name, reason.detail ?? '')
  }

  #onOpen({ n, groupId, nonce: theirs, observer }: Of<'open'>): void {
    if (this.#host.isPacer) throw violation('an open by the peer that does not open groups')
    if (n <= this.#sessions.newest) throw violation(`group number ${n} after ${this.#sessions.newest}`)
    if (this.#sessions.ofGroup(groupId) !== undefined) throw violation('a group opened twice')
    this.#sessions.newest = n
    const party = this.#host.admit(groupId)
    if ('code' in party) return this.#host.tell({ type: 'close', n, reason: party })
    const nonce = this.#context.prng.bytes(NONCE_BYTES)
    const session = this.#begin(n, party, nonce, observer)
    if (observer && party.observer) return this.#host.drop(session, GroupCloseReasons.BothObserve)
    this.#host.tell({ type: 'answer', n, nonce, proof: session.handshake.answer(theirs), observer: party.observer })
    this.#host.onBegun(session)
  }

  #onAnswer(session: Session, { nonce, proof, observer }: Of<'answer'>): void {
    session.peerObserves = observer
    this.#take(session, session.handshake.answered(nonce, proof), () => {
      const hello = this.#hello(session)
      if (hello !== undefined) this.#host.tell({ type: 'prove', n: session.n, proof: session.handshake.prove(), hello })
    })
  }

  #onProve(session: Session, { proof, hello: theirs }: Of<'prove'>): void {
    this.#take(session, session.handshake.proved(proof), () => {
      const hello = this.#hello(session)
      if (hello === undefined) return
      this.#host.tell({ type: 'up', n: session.n, hello })
      this.#host.onUp(session, theirs)
    })
  }

  /** Undefined: the group failed to say anything, and is out. */
  #hello(session: Session): Uint8Array | undefined {
    const hello = session.party.hello()
    if (hello === undefined) this.#host.drop(session, GroupCloseReasons.GroupFailed)
    return this.#sessions.has(session) ? hello : undefined
  }

  #take(session: Session, verdict: Verdict, next: () => void): void {
    if (verdict === 'out of turn') throw violation(`a frame of a handshake that is ${session.handshake.phase}`)
    if (verdict === 'ok') return next()
    const { logger, meters } = this.#context
    meters.invalidProofs.add()
    logger[this.#hasWarned ? 'debug' : 'warn']('%s does not know the key of group %s', this.#host.peerId, session.party.groupId)
    this.#hasWarned = true
    this.#host.drop(session, GroupCloseReasons.InvalidProof)
  }
}
