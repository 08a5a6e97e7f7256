import { canonical, createLink, networkProof, peerIdOf, secretKey } from '@mosaik/core'
import type { CloseReason, Endpoint, Link, PeerId, SecretKey } from '@mosaik/core'
import { proofOf } from '../../../src/bond/logic/proof.ts'
import { decodeFrame, encodeFrame } from '../../../src/bond/wire/frames.ts'
import type { BondFrame } from '../../../src/bond/wire/frames.ts'
import { MAX_FRAME_BYTES, PROTOCOL } from '../../../src/bond/wire/protocol.ts'
import { groupKey, secretOf } from '../../../src/group-key.ts'
import type { Content, Envelope, Message } from '../../../src/logic/messages.ts'
import { decodeMessage, encodeMessage } from '../../../src/wire/message-codec.ts'
import type { GroupWorld, Node } from '../world.ts'

/** The number of its one group on each of its bonds. */
const N = 1
const BEAT_MS = 100
const NONCE = new Uint8Array(32).fill(1)
export const LIFE = 'e'.repeat(16)

/** Sorts before all of these, so that it is the one who opens groups. */
function keyBefore(peers: readonly PeerId[]): SecretKey {
  for (let i = 0; ; i++) {
    const key = secretKey(`evil ${i}`)
    if (peers.every((peer) => peerIdOf(key) < peer)) return key
  }
}

/** Its bond with one member. */
export class EvilBond {
  readonly victim: Node
  readonly link: Link
  /** Messages of the victim, in order. */
  readonly heard: Message[] = []
  /** Frames of the group that are no messages. */
  readonly frames: Uint8Array[] = []
  /** Why the victim has closed the group. */
  closed: CloseReason | undefined
  readonly #evil: EvilMember
  readonly #welcomed = Promise.withResolvers<void>()
  readonly #isUp = Promise.withResolvers<void>()
  #sequence = 0
  #ack = 0
  #parts: Uint8Array[] = []

  constructor(evil: EvilMember, victim: Node, link: Link) {
    this.#evil = evil
    this.victim = victim
    this.link = link
    link.onMessage((bytes) => this.#take(decodeFrame(bytes)))
  }

  async open(): Promise<void> {
    const { endpoint } = this.#evil
    const proof = networkProof(endpoint.networkId, endpoint.id, this.victim.id)
    this.frame({ type: 'start', proof, run: 1n, token: 1n, seen: 0n })
    await this.#welcomed.promise
    this.frame({ type: 'open', n: N, groupId: this.victim.group.id, nonce: NONCE, observer: false })
    await this.#isUp.promise
    this.#beat()
  }

  frame(frame: BondFrame): void {
    this.link.send(encodeFrame(frame))
  }

  bytes(payload: Uint8Array): void {
    this.frame({ type: 'bulk', n: N, payload })
  }

  /** As a member of the victim's history, in the term that it knows, unless told otherwise. */
  say(content: Content, envelope: Partial<Envelope> = {}): void {
    const { lineage, term } = this.victim.group
    this.bytes(Uint8Array.from(encodeMessage({ lineage, term, incarnation: LIFE, ...envelope, ...content } as Message)))
  }

  #beat(): void {
    if (this.link.ended !== undefined) return
    this.frame({ type: 'beat', sequence: ++this.#sequence, ack: this.#ack, statuses: [] })
    this.#evil.endpoint.clock.after(BEAT_MS, () => this.#beat())
  }

  #take(frame: BondFrame): void {
    if (frame.type === 'welcome') this.#welcomed.resolve()
    else if (frame.type === 'up') this.#isUp.resolve()
    else if (frame.type === 'beat') this.#ack = frame.sequence
    else if (frame.type === 'close') this.closed = frame.reason
    else if (frame.type === 'answer') this.#prove(frame.nonce)
    else if (frame.type === 'part') this.#parts.push(frame.payload)
    else if (frame.type === 'control') this.#hear(frame.payload)
    else if (frame.type === 'bulk') {
      this.#hear(Buffer.concat([...this.#parts, frame.payload]))
      this.#parts = []
    }
  }

  #prove(theirs: Uint8Array): void {
    const { endpoint } = this.#evil
    const { group, id } = this.victim
    const nonces = { proverNonce: NONCE, verifierNonce: theirs }
    const proof = proofOf(secretOf(groupKey('journal')), {
      networkId: endpoint.networkId,
      groupId: group.id,
      prover: endpoint.id,
      verifier: id,
      ...nonces,
    })
    this.frame({ type: 'prove', n: N, proof, hello: canonical({ incarnation: LIFE }) })
  }

  #hear(bytes: Uint8Array): void {
    if ((bytes[0] ?? 0) > 2) {
      this.frames.push(bytes)
      return this.#evil.onFrame(this, bytes)
    }
    const message = decodeMessage(bytes)
    this.heard.push(message)
    this.#evil.onMessage(this, message)
  }
}

/** Holds the key, has a bond with each of the others, and says what it likes. */
export class EvilMember {
  readonly endpoint: Endpoint
  readonly bonds: EvilBond[] = []
  onMessage: (bond: EvilBond, message: Message) => void = follow
  onFrame: (bond: EvilBond, bytes: Uint8Array) => void = () => {}

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint
  }

  static async join(world: GroupWorld, victims: readonly Node[]): Promise<EvilMember> {
    const endpoint = await world.sim.endpoint('groups', { secretKey: keyBefore(victims.map(({ id }) => id)) })
    const evil = new EvilMember(endpoint)
    for (const victim of victims) await evil.bondWith(world, victim)
    return evil
  }

  get id(): PeerId {
    return this.endpoint.id
  }

  async bondWith(world: GroupWorld, victim: Node): Promise<EvilBond> {
    const { endpoint } = this
    victim.discovery.insert({ peerId: endpoint.id, addresses: [...endpoint.addresses] })
    const stream = await world.run(endpoint.open(victim.endpoint.addresses[0] as string, PROTOCOL))
    const link = createLink(stream, { clock: endpoint.clock, maxMessageBytes: MAX_FRAME_BYTES, firstMessageMs: 0 })
    const bond = new EvilBond(this, victim, link)
    this.bonds.push(bond)
    await world.run(bond.open())
    introduce(bond)
    return bond
  }

  with(victim: Node): EvilBond {
    return this.bonds.findLast((bond) => bond.victim === victim) as EvilBond
  }
}

/** As a new member would. */
function introduce(bond: EvilBond): void {
  const nowhere = { term: 0, index: 0 }
  bond.say(
    {
      type: 'hello',
      preference: 'normal',
      durable: false,
      origin: undefined,
      last: nowhere,
      committed: nowhere,
      led: false,
      configuration: { voters: [] },
    },
    { lineage: undefined, term: 0 },
  )
}

/** Does what a good follower does, but keeps nothing. */
export function follow(bond: EvilBond, message: Message): void {
  if (message.type === 'append') {
    bond.say({ type: 'append-answer', index: message.previous.index + message.entries.length, hint: undefined })
  } else if (message.type === 'heartbeat' && message.answer) {
    bond.say({ type: 'heartbeat-answer', round: message.round, idle: false })
  }
}
