import { createECDH, ECDH } from 'node:crypto'
import type { EcAlgorithm } from './algorithms.ts'

/** A key of a curve as RFC 7518 section 6.2 writes it, public, or private with `d`. */
export interface EcJwk {
  readonly [name: string]: string
  readonly kty: string
  readonly crv: string
  readonly x: string
  readonly y: string
}

/** The JWK of a compressed point (SEC 1 section 2.3.3), or undefined when it is none of this curve. */
export function ecPublicJwk(algorithm: EcAlgorithm, point: Uint8Array): EcJwk | undefined {
  if (point[0] !== 2 && point[0] !== 3) return undefined
  try {
    return jwkOf(algorithm, Buffer.from(ECDH.convertKey(point, algorithm.curve, undefined, undefined, 'uncompressed')))
  } catch {
    return undefined
  }
}

export function ecPrivateJwk(algorithm: EcAlgorithm, scalar: Uint8Array): EcJwk {
  const pair = createECDH(algorithm.curve)
  pair.setPrivateKey(scalar)
  return { ...jwkOf(algorithm, pair.getPublicKey()), d: Buffer.from(scalar).toString('base64url') }
}

/** True for a number from 1 to the order of the curve less one. */
export function isScalar(algorithm: EcAlgorithm, bytes: Uint8Array): boolean {
  try {
    createECDH(algorithm.curve).setPrivateKey(bytes)
    return true
  } catch {
    return false
  }
}

export function compressPoint(x: Uint8Array, y: Uint8Array): Uint8Array {
  return Uint8Array.of(2 + ((y.at(-1) as number) & 1), ...x)
}

function jwkOf(algorithm: EcAlgorithm, uncompressed: Buffer): EcJwk {
  const { crv, size } = algorithm
  const x = uncompressed.subarray(1, 1 + size).toString('base64url')
  const y = uncompressed.subarray(1 + size).toString('base64url')
  return { kty: 'EC', crv, x, y }
}
