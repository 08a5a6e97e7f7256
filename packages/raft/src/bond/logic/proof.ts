import { blake3 } from '@noble/hashes/blake3.js'
import { toBytes } from '@mosaik/core'
import type { GroupId, NetworkId, PeerId } from '@mosaik/core'
import { PROTOCOL } from '../wire/protocol.ts'

/** Whose proof to whom, on which occasion. */
export interface Occasion {
  readonly networkId: NetworkId
  readonly groupId: GroupId
  readonly prover: PeerId
  readonly verifier: PeerId
  readonly proverNonce: Uint8Array
  readonly verifierNonce: Uint8Array
}

const utf8 = new TextEncoder()

/**
 * Shows that `prover` knows the group's secret, to `verifier`, now: blake3 keyed with the secret, of the protocol, the
 * network, the group, both peer ids and both nonces. The connection vouches for the peer ids and the nonces are used
 * once, so it is of no use to anybody else, in the other direction, or later. Everything has a fixed length but the
 * texts, which carry theirs.
 */
export function proofOf(secret: Uint8Array, { networkId, groupId, prover, verifier, proverNonce, verifierNonce }: Occasion): Uint8Array {
  const hash = blake3.create({ key: secret })
  for (const text of [PROTOCOL, prover, verifier]) {
    const bytes = utf8.encode(text)
    hash.update(Uint8Array.of(bytes.length)).update(bytes)
  }
  return hash.update(toBytes(networkId)).update(toBytes(groupId)).update(proverNonce).update(verifierNonce).digest()
}

/** Compares in a time that tells nothing of where they differ. */
export function isSameProof(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number)
  return difference === 0
}
