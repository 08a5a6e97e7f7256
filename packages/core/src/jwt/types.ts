import type { Duration, PeerId } from '../index.ts'

export type JwtAlgorithm = 'HS256' | 'HS384' | 'HS512' | 'ES256' | 'ES384' | 'ES512' | 'ES256K' | 'EdDSA'

/**
 * A key and the one algorithm it is for. `key` is raw bytes, or their hex digits:
 *
 * | `alg` | to issue | to validate |
 * |---|---|---|
 * | `HS256` `HS384` `HS512` | secret, at least 32, 48, 64 bytes (at most 1024) | the same secret |
 * | `ES256` `ES384` `ES512` `ES256K` | private scalar, 32, 48, 66, 32 bytes | compressed public point, 33, 49, 67, 33 bytes |
 * | `EdDSA` | Ed25519 seed, 32 bytes | Ed25519 public key, 32 bytes |
 *
 * `publicJwtKey` turns a key of the second column into one of the third. A validator also takes an `ES…` private scalar and
 * then uses its public point; for `EdDSA` it cannot (32 bytes are always read as the public key).
 */
export interface JwtKey {
  readonly alg: JwtAlgorithm
  readonly key: Uint8Array | string
}

export interface JwtValidatorOptions {
  /** Accepted keys, 1 to 64: several allow rotation. A token is checked against those of its `alg`; its `kid` is not looked at. */
  keys: readonly JwtKey[]
  /** `iss` must be one of these. Default: any or none. */
  issuers?: readonly string[]
  /** `aud`, or one member of it when it is an array, must be one of these. Default: any or none. */
  audiences?: readonly string[]
  /** One more equality on `sub`, which must be the holder's peer id in any case. */
  subject?: string
  /** Each must be there and be the same JSON, registered names included (times as the token has them, in seconds). Default: none. */
  claims?: Readonly<Record<string, unknown>>
  /** Accept tokens without `exp`. Default: false. */
  allowNonExpiring?: boolean
  /** A token whose `exp` is further away than this is refused. Says nothing about tokens without `exp`. Default: no limit. */
  maxLifetime?: Duration
  /** `iat` must be there, not in the future, and no older than this; the ticket ends with that age at the latest. Default: no limit. */
  maxAge?: Duration
  /** How far the clocks of issuer and validator may differ; widens every comparison of times, up to '10m'. Default: 0. */
  leeway?: Duration
}

export interface JwtIssueOptions {
  /** The signing key: a secret, a private scalar, or an Ed25519 seed. */
  key: JwtKey
  /** Whose ticket it is: becomes `sub`. */
  peer: PeerId
  issuer?: string
  audience?: string
  /** May only repeat `peer`: a ticket for another subject would be refused everywhere. */
  subject?: string
  /** Counted from `issuedAt`. Default: '60m'. Not together with `expiresAt`. */
  expiresIn?: Duration
  /** Milliseconds since the epoch; 'never' leaves `exp` out, which validators refuse unless they `allowNonExpiring`. */
  expiresAt?: number | 'never'
  /** Milliseconds since the epoch. Default: now, by the system clock. */
  issuedAt?: number
  /** Milliseconds since the epoch. Default: valid at once. */
  notBefore?: number
  /** Becomes `jti`. */
  tokenId?: string
  /** Further claims, any JSON. Registered names go here in their JWT form (`aud: ['a', 'b']`) when their option is not used. */
  claims?: Readonly<Record<string, unknown>>
}

/** Why a token was refused, for programs, logs and metric labels. */
export type JwtRefusalReason =
  | 'too-large'
  | 'malformed'
  | 'unknown-algorithm'
  | 'unknown-critical'
  | 'bad-signature'
  | 'malformed-claims'
  | 'wrong-issuer'
  | 'wrong-subject'
  | 'not-yet-valid'
  | 'no-expiry'
  | 'expired'
  | 'lifetime-too-long'
  | 'no-issue-time'
  | 'issued-in-future'
  | 'too-old'
  | 'wrong-audience'
  | 'wrong-claim'

/** What the `ERR_INVALID_TICKET` of a refused token carries as `error.value`. */
export interface JwtRefusal {
  readonly reason: JwtRefusalReason
  /** The claim that decided, where one did. */
  readonly claim?: string
}
