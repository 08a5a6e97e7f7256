import { createPublicKey, verify as verifySignature } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { PeerId } from '../id/types.ts'
import { isPeerId, publicKeyOf } from './peer-id.ts'

/** SPKI of an Ed25519 key is this prefix and the key (RFC 8410). */
const SPKI_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0)
const SIGNATURE_BYTES = 64
const CACHED_KEYS = 4096

/** Parsing a key costs about as much as using it: the most recently used ones are kept. Only public data, so nodes may share it. */
const keys = new Map<string, KeyObject>()

/** True when `signature` is this peer's Ed25519 signature of `bytes`. False for anything else, also for text that is no peer id. */
export function verify(peerId: PeerId, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false
  const key = keyOf(peerId)
  return key !== undefined && verifySignature(null, bytes, key, signature)
}

function keyOf(peerId: PeerId): KeyObject | undefined {
  let key = keys.get(peerId)
  if (key !== undefined) {
    keys.delete(peerId) // put back at the end: least recently used first
  } else {
    if (!isPeerId(peerId)) return undefined
    key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKeyOf(peerId)]), format: 'der', type: 'spki' })
    if (keys.size >= CACHED_KEYS) keys.delete(keys.keys().next().value as string)
  }
  keys.set(peerId, key)
  return key
}
