import { refusal } from './refusal.ts'
import { member } from './json.ts'

/** The registered claims of RFC 7519 section 4.1 that Mosaik looks at, times in milliseconds since the epoch. */
export interface Claims {
  readonly issuer: string | undefined
  readonly subject: string | undefined
  readonly audiences: readonly string[]
  readonly expiresAt: number | undefined
  readonly notBefore: number | undefined
  readonly issuedAt: number | undefined
}

/** The last moment that a `Date` can hold. */
export const LAST_MS = 8.64e15

/** Registered claims that are there must have their type, whether anybody asked for them or not. */
export function readClaims(payload: Readonly<Record<string, unknown>>): Claims {
  return {
    issuer: readText(payload, 'iss'),
    subject: readText(payload, 'sub'),
    audiences: readAudiences(payload),
    expiresAt: readTime(payload, 'exp'),
    notBefore: readTime(payload, 'nbf'),
    issuedAt: readTime(payload, 'iat'),
  }
}

function readText(payload: object, name: string): string | undefined {
  const value = member(payload, name)
  if (value === undefined || typeof value === 'string') return value
  throw refusal('malformed-claims', `${name} is not a string`, name)
}

function readAudiences(payload: object): readonly string[] {
  const value = member(payload, 'aud')
  if (value === undefined) return []
  if (typeof value === 'string') return [value]
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  throw refusal('malformed-claims', 'aud is neither a string nor an array of strings', 'aud')
}

/** NumericDate: seconds, fractions allowed. */
function readTime(payload: object, name: string): number | undefined {
  const value = member(payload, name)
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !(value >= 0 && value * 1000 <= LAST_MS)) {
    throw refusal('malformed-claims', `${name} is not a number of seconds that a date can hold`, name)
  }
  return Math.round(value * 1000)
}
