import type { GroupId, NetworkId, PeerId } from '@mosaik/core'
import { isSameProof, proofOf } from './proof.ts'
import type { Occasion } from './proof.ts'

export interface HandshakeOptions {
  readonly role: 'opener' | 'responder'
  readonly secret: Uint8Array
  readonly networkId: NetworkId
  readonly groupId: GroupId
  readonly me: PeerId
  readonly peer: PeerId
  /** Fresh, never used before. */
  readonly nonce: Uint8Array
}

/**
 * - `opened`: the opener waits for the answer
 * - `answered`: the responder has proved itself and waits for the opener's proof
 * - `proved`: both have proved themselves as far as the opener knows; it waits to hear so
 * - `up`: both know
 */
export type Phase = 'opened' | 'answered' | 'proved' | 'up'
export type Verdict = 'ok' | 'invalid' | 'out of turn'

/**
 * How two peers prove a group's key to each other: open(nonce) → answer(nonce, proof) → prove(proof) → up. The responder
 * proves first; neither says anything of the group before the other has proved that it is a member.
 */
export class Handshake {
  readonly #options: HandshakeOptions
  #theirNonce: Uint8Array | undefined
  #phase: Phase

  constructor(options: HandshakeOptions) {
    this.#options = options
    this.#phase = options.role === 'opener' ? 'opened' : 'answered'
  }

  get phase(): Phase {
    return this.#phase
  }

  /** The responder has the opener's nonce: its proof. */
  answer(theirNonce: Uint8Array): Uint8Array {
    this.#theirNonce = theirNonce
    return this.#ourProof()
  }

  /** The opener has the responder's nonce and proof. With `ok`, `prove` comes next. */
  answered(theirNonce: Uint8Array, proof: Uint8Array): Verdict {
    if (this.#phase !== 'opened') return 'out of turn'
    this.#theirNonce = theirNonce
    if (!this.#holds(proof)) return 'invalid'
    this.#phase = 'proved'
    return 'ok'
  }

  prove(): Uint8Array {
    return this.#ourProof()
  }

  /** The responder has the opener's proof. With `ok` it is up. */
  proved(proof: Uint8Array): Verdict {
    if (this.#phase !== 'answered') return 'out of turn'
    if (!this.#holds(proof)) return 'invalid'
    this.#phase = 'up'
    return 'ok'
  }

  /** The opener hears that its proof was accepted. */
  confirmed(): Verdict {
    if (this.#phase !== 'proved') return 'out of turn'
    this.#phase = 'up'
    return 'ok'
  }

  #ourProof(): Uint8Array {
    const { me, peer, nonce } = this.#options
    return this.#proof({ prover: me, verifier: peer, proverNonce: nonce, verifierNonce: this.#theirs() })
  }

  #holds(proof: Uint8Array): boolean {
    const { me, peer, nonce } = this.#options
    return isSameProof(proof, this.#proof({ prover: peer, verifier: me, proverNonce: this.#theirs(), verifierNonce: nonce }))
  }

  #proof(occasion: Pick<Occasion, 'prover' | 'verifier' | 'proverNonce' | 'verifierNonce'>): Uint8Array {
    const { secret, networkId, groupId } = this.#options
    return proofOf(secret, { networkId, groupId, ...occasion })
  }

  #theirs(): Uint8Array {
    return this.#theirNonce ?? new Uint8Array(0)
  }
}
