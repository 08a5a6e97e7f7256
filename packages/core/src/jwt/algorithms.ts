import type { JwtAlgorithm } from './types.ts'

/** RFC 7518 section 3.2, RFC 8812 section 3.2 and RFC 8037 section 3.1, as node:crypto names them. */
export type Algorithm = HmacAlgorithm | EcAlgorithm | EdAlgorithm

export interface HmacAlgorithm {
  readonly kind: 'hmac'
  readonly alg: JwtAlgorithm
  /** The name that enters a key's fingerprint. */
  readonly label: string
  readonly hash: string
  /** Length of a MAC, and the least length of a secret. */
  readonly size: number
}

export interface EcAlgorithm {
  readonly kind: 'ec'
  readonly alg: JwtAlgorithm
  readonly label: string
  readonly hash: string
  /** Name of the curve in a JWK and in OpenSSL. */
  readonly crv: string
  readonly curve: string
  /** Length of a scalar and of a coordinate: a compressed point has one byte more, a signature is twice as long. */
  readonly size: number
}

export interface EdAlgorithm {
  readonly kind: 'ed'
  readonly alg: JwtAlgorithm
  readonly label: string
  readonly size: number
}

function hmac(alg: JwtAlgorithm, bits: number): HmacAlgorithm {
  return { kind: 'hmac', alg, label: alg.toLowerCase(), hash: `sha${bits}`, size: bits / 8 }
}

function ec(alg: JwtAlgorithm, bits: number, crv: string, curve: string, size: number): EcAlgorithm {
  return { kind: 'ec', alg, label: alg.toLowerCase(), hash: `sha${bits}`, crv, curve, size }
}

export const algorithms: ReadonlyMap<string, Algorithm> = new Map<string, Algorithm>([
  ['HS256', hmac('HS256', 256)],
  ['HS384', hmac('HS384', 384)],
  ['HS512', hmac('HS512', 512)],
  ['ES256', ec('ES256', 256, 'P-256', 'prime256v1', 32)],
  ['ES384', ec('ES384', 384, 'P-384', 'secp384r1', 48)],
  ['ES512', ec('ES512', 512, 'P-521', 'secp521r1', 66)],
  ['ES256K', ec('ES256K', 256, 'secp256k1', 'secp256k1', 32)],
  ['EdDSA', { kind: 'ed', alg: 'EdDSA', label: 'EdDsa', size: 32 }],
])
