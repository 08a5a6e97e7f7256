import type { Expiration, TicketHolder } from '../index.ts'
import { readClaims } from './claims.ts'
import type { Claims } from './claims.ts'
import { member, sameJson } from './json.ts'
import { quoted, refusal } from './refusal.ts'

/** A validator's options beside its keys, checked and in one form: lists sorted, durations in milliseconds, `undefined` = not asked for. */
export interface Policy {
  readonly issuers: readonly string[] | undefined
  readonly audiences: readonly string[] | undefined
  readonly subject: string | undefined
  readonly claims: Readonly<Record<string, unknown>>
  readonly allowNonExpiring: boolean
  readonly maxLifetime: number | undefined
  readonly maxAge: number | undefined
  readonly leeway: number
}

/** Judges a payload whose signature holds. Returns the first millisecond at which it would refuse, or throws `ERR_INVALID_TICKET` now. */
export function judge(policy: Policy, payload: Readonly<Record<string, unknown>>, holder: TicketHolder): Expiration {
  const claims = readClaims(payload)
  judgeIssuer(policy, claims)
  judgeSubject(policy, claims, holder)
  const expiration = judgeTimes(policy, claims, holder.now)
  judgeAudience(policy, claims)
  for (const [name, expected] of Object.entries(policy.claims)) {
    if (!sameJson(member(payload, name), expected)) {
      throw refusal('wrong-claim', `${quoted(name)} is ${quoted(member(payload, name))}, expected ${quoted(expected)}`, name)
    }
  }
  return expiration
}

function judgeIssuer({ issuers }: Policy, { issuer }: Claims): void {
  if (issuers === undefined || (issuer !== undefined && issuers.includes(issuer))) return
  throw refusal('wrong-issuer', `iss is ${quoted(issuer)}, expected ${oneOf(issuers)}`, 'iss')
}

/** A ticket is public: unless it names its holder, whoever reads it could show it. */
function judgeSubject(policy: Policy, { subject }: Claims, { peerId }: TicketHolder): void {
  for (const expected of [peerId, policy.subject ?? peerId]) {
    if (subject !== expected) throw refusal('wrong-subject', `sub is ${quoted(subject)}, expected ${quoted(expected)}`, 'sub')
  }
}

function judgeAudience(policy: Policy, { audiences }: Claims): void {
  const expected = policy.audiences
  if (expected === undefined || audiences.some((audience) => expected.includes(audience))) return
  throw refusal('wrong-audience', `aud is ${quoted(audiences)}, expected ${oneOf(expected)}`, 'aud')
}

function judgeTimes(policy: Policy, { expiresAt, notBefore, issuedAt }: Claims, now: number): Expiration {
  const { leeway, maxAge, maxLifetime } = policy
  if (notBefore !== undefined && notBefore > now + leeway) {
    throw refusal('not-yet-valid', `valid in ${notBefore - now} ms (nbf), leeway ${leeway} ms`, 'nbf')
  }
  if (expiresAt === undefined && !policy.allowNonExpiring) {
    throw refusal('no-expiry', 'it has no exp, and this validator does not allow that', 'exp')
  }
  if (expiresAt !== undefined && expiresAt + leeway <= now) {
    throw refusal('expired', `it ended ${now - expiresAt} ms ago (exp), leeway ${leeway} ms`, 'exp')
  }
  if (expiresAt !== undefined && maxLifetime !== undefined && expiresAt - now > maxLifetime + leeway) {
    throw refusal('lifetime-too-long', `it ends in ${expiresAt - now} ms (exp), allowed are ${maxLifetime} ms`, 'exp')
  }
  const end = expiresAt === undefined ? Infinity : expiresAt + leeway
  const aged = maxAge === undefined ? Infinity : judgeAge(issuedAt, maxAge, leeway, now)
  return Math.min(end, aged) === Infinity ? 'never' : Math.min(end, aged)
}

/** A token as old as `maxAge` still passes: it ends one millisecond later. */
function judgeAge(issuedAt: number | undefined, maxAge: number, leeway: number, now: number): number {
  if (issuedAt === undefined) throw refusal('no-issue-time', 'it has no iat, and this validator limits the age', 'iat')
  if (issuedAt > now + leeway) {
    throw refusal('issued-in-future', `issued ${issuedAt - now} ms from now (iat), leeway ${leeway} ms`, 'iat')
  }
  if (now - issuedAt > maxAge + leeway) throw refusal('too-old', `issued ${now - issuedAt} ms ago (iat), allowed are ${maxAge} ms`, 'iat')
  return issuedAt + maxAge + leeway + 1
}

function oneOf(allowed: readonly string[]): string {
  return allowed.length === 1 ? quoted(allowed[0]) : `one of ${quoted(allowed)}`
}
