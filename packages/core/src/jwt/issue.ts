import { check, createTicket, MosaikError } from '../index.ts'
import type { Duration, Ticket } from '../index.ts'
import { systemClock } from '../system/index.ts'
import { LAST_MS, readClaims } from './claims.ts'
import type { Claims } from './claims.ts'
import { checkClaims, member } from './json.ts'
import { signingKey } from './keys.ts'
import { MAX_TOKEN_BYTES, signingInput, toBase64url } from './token.ts'
import type { JwtIssueOptions } from './types.ts'
import { JWT_CLASS } from './validator.ts'

const DEFAULT_EXPIRES_IN: Duration = '60m'

/**
 * Signs a ticket for `peer`: `{ alg, typ: 'JWT' }`, then `sub` (the peer), `iat` (now), `exp` (an hour later) and what else is given.
 * A validator with the matching key and no further demands accepts it.
 *
 * Times are exact to the millisecond: NumericDates that are no whole second have a fraction (RFC 7519 section 2).
 *
 * Throws `ERR_INVALID_OPTION` for malformed or contradictory options, `ERR_TOO_LARGE` for a token that validators would not read.
 */
export function issueJwt(options: JwtIssueOptions): Ticket {
  const key = signingKey(options.key, 'key')
  const input = signingInput({ alg: key.alg, typ: 'JWT' }, payloadOf(options))
  const token = `${input}.${toBase64url(key.sign(Buffer.from(input, 'latin1')))}`
  if (token.length > MAX_TOKEN_BYTES) {
    throw new MosaikError(
      'ERR_TOO_LARGE',
      `the token has ${token.length} bytes, and validators read ${MAX_TOKEN_BYTES}: give it fewer claims`,
    )
  }
  return createTicket(JWT_CLASS, token)
}

function payloadOf(options: JwtIssueOptions): object {
  const { issuedAt, notBefore, expiresAt, expiresIn } = options
  const peer = check.peerId('peer', options.peer)
  check.oneOf('subject', options.subject, [peer], { default: peer })
  const texts = {
    iss: check.text('issuer', options.issuer, { default: undefined }),
    sub: peer,
    aud: check.text('audience', options.audience, { default: undefined }),
    jti: check.text('tokenId', options.tokenId, { default: undefined }),
  }
  const claims = checkClaims(options.claims)
  const given = { iss: texts.iss, aud: texts.aud, jti: texts.jti, iat: issuedAt, nbf: notBefore, exp: expiresAt ?? expiresIn }
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && Object.hasOwn(claims, name))
      throw invalid(`claims.${name} and the option for it are both given: leave one out`)
  }
  check.oneOf('claims.sub', member(claims, 'sub'), [peer], { default: peer })
  return { ...texts, ...timesOf(options, registeredIn(claims)), ...claims }
}

/** `iat`, `nbf` and `exp` in seconds; JSON leaves out what is undefined, and `claims` replaces what it names itself. */
function timesOf({ expiresAt, expiresIn, issuedAt, notBefore }: JwtIssueOptions, registered: Claims): Record<string, number | undefined> {
  if (expiresAt !== undefined && expiresIn !== undefined) throw invalid('expiresAt and expiresIn exclude each other')
  const issued = issuedAt === undefined ? (registered.issuedAt ?? systemClock.now()) : issuedAt
  const end = expiresAt !== undefined ? expiresAt : issued + check.duration('expiresIn', expiresIn, { min: 0, default: DEFAULT_EXPIRES_IN })
  return {
    iat: seconds('issuedAt', issued),
    nbf: notBefore === undefined ? undefined : seconds('notBefore', notBefore),
    exp: end === 'never' ? undefined : seconds('expiresAt', end),
  }
}

function seconds(name: string, ms: number): number {
  return Math.round(check.number(name, ms, { min: 0, max: LAST_MS })) / 1000
}

/** The registered names in `claims`, in their JWT form: what a validator would call malformed is not issued. */
function registeredIn(claims: Readonly<Record<string, unknown>>): Claims {
  check.text('claims.jti', member(claims, 'jti') as string | undefined, { default: undefined })
  try {
    return readClaims(claims)
  } catch (error) {
    throw new MosaikError('ERR_INVALID_OPTION', 'claims has a registered name with a value of the wrong type', { cause: error })
  }
}

function invalid(message: string): MosaikError {
  return new MosaikError('ERR_INVALID_OPTION', message)
}
