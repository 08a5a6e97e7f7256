import { canonical, check, deriveId, MosaikError, uniqueId } from '../index.ts'
import type { CanonicalValue, TicketHolder, TicketValidator, UniqueId } from '../index.ts'
import { checkClaims, isObject } from './json.ts'
import { verifyingKey } from './keys.ts'
import type { VerifyingKey } from './keys.ts'
import { judge } from './policy.ts'
import type { Policy } from './policy.ts'
import { quoted, refusal } from './refusal.ts'
import { parsePayload, parseToken } from './token.ts'
import type { JwtKey, JwtValidatorOptions } from './types.ts'

/** Class of every ticket that holds a JWT. */
export const JWT_CLASS: UniqueId = uniqueId('mosaik.tickets.jwt.v1')

const MAX_KEYS = 64
const MAX_LIST = 256
const MAX_LEEWAY = '10m'
const OPTIONS: readonly string[] = [
  'keys',
  'issuers',
  'audiences',
  'subject',
  'claims',
  'allowNonExpiring',
  'maxLifetime',
  'maxAge',
  'leeway',
] satisfies (keyof JwtValidatorOptions)[]

/**
 * Judges tickets that are JWTs: signed by one of `keys`, for the peer that shows them, in time, and with the claims asked for.
 *
 * A refusal throws `ERR_INVALID_TICKET` whose `value` is a {@link JwtRefusal}. Nothing in a token is believed before its signature
 * holds; its `alg` only selects among the configured keys, and `typ`, `kid`, `jku`, `jwk` and `x5u` are not looked at. Of members
 * with one name the last counts, as in every JSON parser here.
 *
 * `signature` covers every option: two validators share it exactly when they accept the same tokens by configuration (the order
 * of keys and lists says nothing). `secret` is true when an `HS…` key is among the keys, since nobody else can then compute it.
 *
 * Options are copied. Throws `ERR_INVALID_OPTION` for malformed keys and options, and for names that are no option.
 */
export function jwtValidator(options: JwtValidatorOptions): TicketValidator {
  checkNames(options)
  const keys = check.list('keys', options.keys, (name, key) => verifyingKey(key as JwtKey, name), { min: 1, max: MAX_KEYS })
  const policy = checkPolicy(options)
  return {
    class: JWT_CLASS,
    signature: signatureOf(keys, policy),
    secret: keys.some((key) => key.secret),
    validate: (data: Uint8Array, holder: TicketHolder) => judge(policy, verifiedPayload(keys, data), holder),
  }
}

function verifiedPayload(keys: readonly VerifyingKey[], data: Uint8Array): Readonly<Record<string, unknown>> {
  const { header, payload, signed, signature } = parseToken(data)
  const candidates = keys.filter((key) => key.alg === header['alg'])
  if (candidates.length === 0) throw refusal('unknown-algorithm', `alg is ${quoted(header['alg'])}, and no key is for that`)
  if (Object.hasOwn(header, 'crit')) throw refusal('unknown-critical', `crit is ${quoted(header['crit'])}, and no extension is known here`)
  if (!candidates.some((key) => key.verify(signed, signature)))
    throw refusal('bad-signature', `made by none of the ${candidates.length} keys`)
  return parsePayload(payload)
}

/** Canonical CBOR of all of it under names: an option that is not given is null and never 0 or empty. */
function signatureOf(keys: readonly VerifyingKey[], policy: Policy): UniqueId {
  const fingerprints = [...new Set(keys.map((key) => `${key.alg}:${key.fingerprint}`))].toSorted()
  const { issuers, audiences, subject, claims, allowNonExpiring, maxLifetime, maxAge, leeway } = policy
  const value = {
    keys: fingerprints,
    issuers: issuers ?? null,
    audiences: audiences ?? null,
    subject: subject ?? null,
    claims: claims as CanonicalValue,
    allowNonExpiring,
    maxLifetime: maxLifetime ?? null,
    maxAge: maxAge ?? null,
    leeway,
  }
  return deriveId(JWT_CLASS, canonical(value))
}

/** A demand that is misspelt and passed over would let in whom it should keep out. */
function checkNames(options: JwtValidatorOptions): void {
  if (!isObject(options)) throw new MosaikError('ERR_INVALID_OPTION', 'jwtValidator takes an object of options')
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name))
  if (unknown === undefined) return
  throw new MosaikError('ERR_INVALID_OPTION', `${quoted(unknown)} is no option of jwtValidator; it takes ${OPTIONS.join(', ')}`)
}

function checkPolicy(options: JwtValidatorOptions): Policy {
  return {
    issuers: checkTexts('issuers', options.issuers),
    audiences: checkTexts('audiences', options.audiences),
    subject: check.text('subject', options.subject, { default: undefined }),
    claims: checkClaims(options.claims),
    allowNonExpiring: check.boolean('allowNonExpiring', options.allowNonExpiring, { default: false }),
    maxLifetime: check.duration('maxLifetime', options.maxLifetime, { default: undefined }),
    maxAge: check.duration('maxAge', options.maxAge, { default: undefined }),
    leeway: check.duration('leeway', options.leeway, { max: MAX_LEEWAY, default: 0 }),
  }
}

/** Sorted and without repetition, so that equal sets have equal signatures. An empty list would accept nothing: it is a mistake. */
function checkTexts(name: string, texts: readonly string[] | undefined): readonly string[] | undefined {
  if (texts === undefined) return undefined
  const item = (itemName: string, value: unknown): string => check.text(itemName, value as string)
  return [...new Set(check.list(name, texts, item, { min: 1, max: MAX_LIST }))].toSorted()
}
