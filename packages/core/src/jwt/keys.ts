import { createHmac, createPrivateKey, createPublicKey, sign, timingSafeEqual, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { deriveId, MosaikError, uniqueId } from '../index.ts'
import type { UniqueId } from '../index.ts'
import { systemPrng } from '../system/index.ts'
import { algorithms } from './algorithms.ts'
import type { Algorithm, EcAlgorithm, EdAlgorithm, HmacAlgorithm } from './algorithms.ts'
import { compressPoint, ecPrivateJwk, ecPublicJwk, isScalar } from './curves.ts'
import { isPublicPoint } from './ed25519.ts'
import type { JwtAlgorithm, JwtKey } from './types.ts'

const MAX_SECRET_BYTES = 1024

/** Checks signatures of one algorithm with one key, and nothing else: a token cannot choose what its `alg` means. */
export interface VerifyingKey {
  readonly alg: JwtAlgorithm
  /** Names the key in the validator's signature, without giving a secret away. */
  readonly fingerprint: UniqueId
  /** True when the fingerprint can only be known by who knows a secret. */
  readonly secret: boolean
  verify(signed: Uint8Array, signature: Uint8Array): boolean
}

export interface SigningKey {
  readonly alg: JwtAlgorithm
  sign(signed: Uint8Array): Uint8Array
}

/**
 * What validators need to check what `key` signs: the compressed public point, or the Ed25519 public key. Throws
 * `ERR_INVALID_OPTION` for a malformed key, and for `HS…`, where the secret itself is what both sides hold.
 */
export function publicJwtKey(key: JwtKey): JwtKey {
  const { algorithm, bytes } = material(key, 'key')
  if (algorithm.kind === 'hmac')
    throw invalid('key', `is for ${algorithm.alg}, which has no public half: validators need the secret itself`)
  return { alg: algorithm.alg, key: publicBytes(algorithm, bytes, 'key') }
}

/** A fresh signing key, from the system's randomness. Throws `ERR_INVALID_OPTION` for an unknown algorithm. */
export function generateJwtKey(alg: JwtAlgorithm): JwtKey {
  const algorithm = algorithmOf(alg, 'alg')
  for (;;) {
    const key = systemPrng.bytes(algorithm.size)
    if (algorithm.kind !== 'ec') return { alg, key }
    // P-521 has 521 bits in 528: with the spare ones almost every draw would be too large.
    if (algorithm.crv === 'P-521') key[0] = (key[0] as number) & 1
    if (isScalar(algorithm, key)) return { alg, key }
  }
}

export function verifyingKey(key: JwtKey, name: string): VerifyingKey {
  const { algorithm, bytes } = material(key, name)
  const { alg } = algorithm
  if (algorithm.kind === 'hmac') {
    const secret = checkedSecret(algorithm, bytes, name)
    const sameMac = (signed: Uint8Array, mac: Uint8Array): boolean => timingSafeEqual(hmac(algorithm, secret, signed), mac)
    return { alg, fingerprint: fingerprint(algorithm, secret), secret: true, verify: ofLength(algorithm.size, sameMac) }
  }
  if (algorithm.kind === 'ed') {
    const publicKey = ed25519PublicKey(algorithm, bytes, name)
    const check = (signed: Uint8Array, signature: Uint8Array): boolean => verify(null, signed, publicKey, signature)
    return { alg, fingerprint: fingerprint(algorithm, bytes), secret: false, verify: ofLength(64, check) }
  }
  const point = bytes.length === algorithm.size ? publicBytes(algorithm, bytes, name) : bytes
  const options = { key: ecPublicKey(algorithm, point, name), dsaEncoding: 'ieee-p1363' as const }
  const check = (signed: Uint8Array, signature: Uint8Array): boolean => verify(algorithm.hash, signed, options, signature)
  return { alg, fingerprint: fingerprint(algorithm, point), secret: false, verify: ofLength(2 * algorithm.size, check) }
}

export function signingKey(key: JwtKey, name: string): SigningKey {
  const { algorithm, bytes } = material(key, name)
  const { alg } = algorithm
  if (algorithm.kind === 'hmac') {
    const secret = checkedSecret(algorithm, bytes, name)
    return { alg, sign: (signed) => hmac(algorithm, secret, signed) }
  }
  const privateKey = privateKeyOf(algorithm, bytes, name)
  if (algorithm.kind === 'ed') return { alg, sign: (signed) => sign(null, signed, privateKey) }
  return { alg, sign: (signed) => sign(algorithm.hash, signed, { key: privateKey, dsaEncoding: 'ieee-p1363' }) }
}

/** Every signature of an algorithm has one length: others are not even looked at. */
function ofLength(length: number, check: VerifyingKey['verify']): VerifyingKey['verify'] {
  return (signed, signature) => signature.length === length && check(signed, signature)
}

function ed25519PublicKey(algorithm: EdAlgorithm, bytes: Uint8Array, name: string): KeyObject {
  if (bytes.length !== algorithm.size) throw wrongLength(algorithm, name, bytes, `${algorithm.size}, an Ed25519 public key`)
  if (!isPublicPoint(bytes)) throw invalid(name, 'is not an Ed25519 public key: no point of the curve that can sign (a seed, perhaps?)')
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(bytes).toString('base64url') }, format: 'jwk' })
}

function ecPublicKey(algorithm: EcAlgorithm, point: Uint8Array, name: string): KeyObject {
  if (point.length !== algorithm.size + 1) {
    throw wrongLength(algorithm, name, point, `${algorithm.size + 1}, a compressed public point (or ${algorithm.size}, a private scalar)`)
  }
  const jwk = ecPublicJwk(algorithm, point)
  if (jwk === undefined) throw invalid(name, `is not a compressed point of ${algorithm.crv}`)
  return createPublicKey({ key: jwk, format: 'jwk' })
}

function publicBytes(algorithm: EcAlgorithm | EdAlgorithm, bytes: Uint8Array, name: string): Uint8Array {
  const { x = '', y = '' } = createPublicKey(privateKeyOf(algorithm, bytes, name)).export({ format: 'jwk' })
  const first = Uint8Array.from(Buffer.from(x, 'base64url'))
  return algorithm.kind === 'ed' ? first : compressPoint(first, Buffer.from(y, 'base64url'))
}

function privateKeyOf(algorithm: EcAlgorithm | EdAlgorithm, bytes: Uint8Array, name: string): KeyObject {
  const form = algorithm.kind === 'ed' ? 'an Ed25519 seed' : 'a private scalar: a public point cannot sign'
  if (bytes.length !== algorithm.size) throw wrongLength(algorithm, name, bytes, `${algorithm.size}, ${form}`)
  if (algorithm.kind === 'ed') return createPrivateKey({ key: Buffer.concat([ED25519_PKCS8, bytes]), format: 'der', type: 'pkcs8' })
  if (!isScalar(algorithm, bytes))
    throw invalid(name, `is not a private scalar of ${algorithm.crv}: zero, or not below the order of the curve`)
  return createPrivateKey({ key: ecPrivateJwk(algorithm, bytes), format: 'jwk' })
}

/** What stands before the seed in RFC 8410's encoding of a private key. (A JWK would need the public key as well.) */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

function checkedSecret(algorithm: HmacAlgorithm, bytes: Uint8Array, name: string): Uint8Array {
  if (bytes.length >= algorithm.size && bytes.length <= MAX_SECRET_BYTES) return bytes
  throw wrongLength(algorithm, name, bytes, `a secret of ${algorithm.size} (RFC 7518 section 3.2) to ${MAX_SECRET_BYTES}`)
}

function hmac(algorithm: HmacAlgorithm, secret: Uint8Array, signed: Uint8Array): Uint8Array {
  return createHmac(algorithm.hash, secret).update(signed).digest()
}

function fingerprint(algorithm: Algorithm, bytes: Uint8Array): UniqueId {
  return deriveId(uniqueId(algorithm.label), bytes)
}

function algorithmOf(alg: unknown, name: string): Algorithm {
  const algorithm = algorithms.get(alg as string)
  if (algorithm === undefined) throw invalid(name, `is ${JSON.stringify(alg)}; allowed are ${[...algorithms.keys()].join(', ')}`)
  return algorithm
}

/** The key's bytes, copied: what the caller does to them later changes nothing. No message ever quotes them. */
function material(key: JwtKey, name: string): { algorithm: Algorithm; bytes: Uint8Array } {
  if (typeof key !== 'object' || key === null) throw invalid(name, 'is not a key; expected { alg, key }')
  const algorithm = algorithmOf(key.alg, `${name}.alg`)
  if (key.key instanceof Uint8Array) return { algorithm, bytes: Uint8Array.from(key.key) }
  if (typeof key.key === 'string' && /^(?:[0-9a-f]{2})+$/i.test(key.key))
    return { algorithm, bytes: Uint8Array.from(Buffer.from(key.key, 'hex')) }
  throw invalid(`${name}.key`, 'is neither a Uint8Array nor an even number of hex digits')
}

function wrongLength(algorithm: Algorithm, name: string, bytes: Uint8Array, expected: string): MosaikError {
  return invalid(`${name}.key`, `has ${bytes.length} bytes; ${algorithm.alg} needs ${expected}`)
}

function invalid(name: string, fault: string): MosaikError {
  return new MosaikError('ERR_INVALID_OPTION', `${name} ${fault}`)
}
