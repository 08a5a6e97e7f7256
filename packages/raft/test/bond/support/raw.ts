import { createLink, networkProof, peerIdOf, secretKey } from '@mosaik/core'
import type { CloseReason, Endpoint, GroupId, Link, PeerId, SecretKey } from '@mosaik/core'
import { decodeFrame, encodeFrame } from '../../../src/bond/wire/frames.ts'
import type { BondFrame } from '../../../src/bond/wire/frames.ts'
import { MAX_FRAME_BYTES, PROTOCOL } from '../../../src/bond/wire/protocol.ts'
import { groupIdOf } from '../../../src/group-id.ts'
import { groupKey, secretOf } from '../../../src/group-key.ts'
import { proofOf } from '../../../src/bond/logic/proof.ts'
import type { BondWorld, Node } from './world.ts'

export type Of<T extends BondFrame['type']> = Extract<BondFrame, { type: T }>

export function idOf(name: string): GroupId {
  return groupIdOf({ key: groupKey(name) })
}

/** A key whose peer id comes before or after that one. */
export function keyBeside(peer: PeerId, side: 'lower' | 'higher'): SecretKey {
  for (let i = 0; ; i++) {
    const key = secretKey(`raw ${i}`)
    if (peerIdOf(key) < peer === (side === 'lower')) return key
  }
}

/** A peer that says what it likes. */
export class RawPeer {
  readonly world: BondWorld
  readonly endpoint: Endpoint
  readonly victim: Node
  link!: Link

  constructor(world: BondWorld, endpoint: Endpoint, victim: Node) {
    this.world = world
    this.endpoint = endpoint
    this.victim = victim
  }

  /** On the given side of the victim (or another peer), which has it in its catalog, without groups. */
  static async beside(world: BondWorld, victim: Node, side: 'lower' | 'higher', peer: PeerId = victim.id): Promise<RawPeer> {
    const endpoint = await world.sim.endpoint('bonds', { secretKey: keyBeside(peer, side) })
    victim.discovery.insert({ peerId: endpoint.id, addresses: [...endpoint.addresses] })
    return new RawPeer(world, endpoint, victim)
  }

  get id(): PeerId {
    return this.endpoint.id
  }

  async dial(run = 1n, token = 1n, seen = 0n): Promise<void> {
    const stream = await this.world.sim.run(this.endpoint.open(this.victim.address, PROTOCOL))
    this.link = createLink(stream, { clock: this.endpoint.clock, maxMessageBytes: MAX_FRAME_BYTES, firstMessageMs: 0 })
    const proof = networkProof(this.endpoint.networkId, this.id, this.victim.id)
    this.send({ type: 'start', proof, run, token, seen })
  }

  /** Dials and is welcomed. */
  async bond(): Promise<void> {
    await this.dial()
    await this.receive('welcome')
  }

  send(frame: BondFrame): void {
    this.link.send(encodeFrame(frame))
  }

  /** The next frame, which must be of this type; heartbeats are skipped unless asked for. */
  async receive<T extends BondFrame['type']>(type: T): Promise<Of<T>> {
    for (;;) {
      const frame = decodeFrame(await this.world.sim.run(this.link.receive()))
      if (frame.type === type) return frame as Of<T>
      if (frame.type !== 'beat') throw new Error(`a ${frame.type} instead of a ${type}`)
    }
  }

  ended(within = 30_000): Promise<CloseReason> {
    return this.world.sim.run(this.link.closed, { within })
  }

  /** The proof that this peer owes the victim, with the key of that group. */
  proof(name: string, ours: Uint8Array, theirs: Uint8Array): Uint8Array {
    return proofOf(secretOf(groupKey(name)), {
      networkId: this.endpoint.networkId,
      groupId: idOf(name),
      prover: this.id,
      verifier: this.victim.id,
      proverNonce: ours,
      verifierNonce: theirs,
    })
  }

  /** Opens a group as an honest lower peer would. */
  async up(name: string, n = 1): Promise<void> {
    const nonce = new Uint8Array(32).fill(n)
    this.send({ type: 'open', n, groupId: idOf(name), nonce, observer: false })
    const answer = await this.receive('answer')
    this.send({ type: 'prove', n, proof: this.proof(name, nonce, answer.nonce), hello: new Uint8Array(0) })
    await this.receive('up')
  }
}
