import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { MosaikError } from '../check/error.ts'
import { toBytes, uniqueId } from '../id/unique-id.ts'
import type { PeerId, SecretKey } from '../id/types.ts'
import { systemPrng } from '../system/prng.ts'
import { peerIdFromPublicKey } from './peer-id.ts'

const SEED_BYTES = 32
/** PKCS #8 of an Ed25519 seed is this prefix and the seed (RFC 8410). */
const PKCS8_PREFIX = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20)
const PRINTED = 'SecretKey(<redacted>)'

class Ed25519Key {
  readonly #seed: Uint8Array
  readonly #key: KeyObject
  readonly #peerId: PeerId

  constructor(seed: Uint8Array) {
    this.#seed = seed
    this.#key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
    const spki = createPublicKey(this.#key).export({ format: 'der', type: 'spki' })
    this.#peerId = peerIdFromPublicKey(spki.subarray(spki.length - 32))
    Object.freeze(this)
  }

  static seed(key: Ed25519Key): Uint8Array {
    return key.#seed.slice()
  }
  static peerId(key: Ed25519Key): PeerId {
    return key.#peerId
  }
  static sign(key: Ed25519Key, bytes: Uint8Array): Uint8Array {
    return Uint8Array.from(sign(null, bytes, key.#key))
  }
  static is(value: unknown): value is Ed25519Key {
    return typeof value === 'object' && value !== null && #seed in value
  }

  toString(): string {
    return PRINTED
  }
  toJSON(): string {
    return PRINTED
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return PRINTED
  }
}

/** A new key from the system's randomness. */
export function generateSecretKey(): SecretKey {
  return new Ed25519Key(systemPrng.bytes(SEED_BYTES)) as unknown as SecretKey
}

/**
 * The key of a text: exactly 64 hex digits are its 32-byte Ed25519 seed, any other text is hashed (blake3) into one.
 * A short text is as weak as it is guessable. Throws `ERR_INVALID_OPTION` for the empty text.
 */
export function secretKey(hexOrSeedText: string): SecretKey {
  if (typeof hexOrSeedText !== 'string' || hexOrSeedText.length === 0) {
    throw new MosaikError('ERR_INVALID_OPTION', 'secretKey: the text must not be empty; generateSecretKey() makes a random key')
  }
  return new Ed25519Key(toBytes(uniqueId(hexOrSeedText))) as unknown as SecretKey
}

/** The peer that holds this key. */
export function peerIdOf(key: SecretKey): PeerId {
  return Ed25519Key.peerId(own(key))
}

/** Ed25519 signature (64 bytes) of `bytes`; `verify` checks it. */
export function signWith(key: SecretKey, bytes: Uint8Array): Uint8Array {
  return Ed25519Key.sign(own(key), bytes)
}

/** The 32-byte seed, fresh. For a transport that keeps its own key object and for writing a key down; secret. */
export function seedOf(key: SecretKey): Uint8Array {
  return Ed25519Key.seed(own(key))
}

function own(key: SecretKey): Ed25519Key {
  if (Ed25519Key.is(key)) return key
  throw new MosaikError(
    'ERR_INVALID_OPTION',
    'a secret key is made by secretKey(text) or generateSecretKey(), of this copy of @mosaik/core',
  )
}
