import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { generateJwtKey, issueJwt, JWT_CLASS, jwtValidator, publicJwtKey } from '@mosaik/core/jwt'
import type { JwtIssueOptions } from '@mosaik/core/jwt'
import { algorithms, claimsOf, holder, issue, judge, key, now, other, peer, refused, sign, signRaw } from './jwt-kit.ts'

describe('issuing and validating', () => {
  it.each(algorithms)('%s: what a fresh key signs, its validator accepts, and no other key does', (alg) => {
    const mine = generateJwtKey(alg)
    const data = issue({ key: mine })
    const keys = [alg.startsWith('HS') ? mine : publicJwtKey(mine)]
    expect(judge({ keys }, data)).toBe(now + 3_600_000)
    const foreign = generateJwtKey(alg)
    const foreignKeys = [alg.startsWith('HS') ? foreign : publicJwtKey(foreign)]
    expect(refused(() => judge({ keys: foreignKeys }, data))).toEqual({ reason: 'bad-signature' })
    expect(judge({ keys: [...foreignKeys, ...keys] }, data), 'rotation: any of the keys').toBe(now + 3_600_000)
  })

  it.each(algorithms)('%s: keys are bytes or hex, and mean the same', (alg) => {
    const mine = generateJwtKey(alg)
    const hex = {
      alg,
      key: Buffer.from(mine.key as Uint8Array)
        .toString('hex')
        .toUpperCase(),
    }
    const shown = alg.startsWith('HS') ? mine : publicJwtKey(mine)
    const shownHex = { alg, key: Buffer.from(shown.key as Uint8Array).toString('hex') }
    expect(judge({ keys: [shownHex] }, issue({ key: hex }))).toBe(now + 3_600_000)
    expect(jwtValidator({ keys: [shownHex] }).signature).toBe(jwtValidator({ keys: [shown] }).signature)
  })

  it.each(['ES256', 'ES384', 'ES512', 'ES256K'] as const)('%s: a validator with the private scalar uses its public point', (alg) => {
    const mine = generateJwtKey(alg)
    expect(jwtValidator({ keys: [mine] }).signature).toBe(jwtValidator({ keys: [publicJwtKey(mine)] }).signature)
    expect(judge({ keys: [mine] }, issue({ key: mine }))).toBe(now + 3_600_000)
  })

  it('writes a plain header and the claims it was given, times to the millisecond', () => {
    const ticket = issueJwt({
      key,
      peer,
      issuer: 'me',
      audience: 'you',
      tokenId: 'n1',
      subject: peer,
      issuedAt: now + 1,
      notBefore: now + 20,
      expiresIn: '90s',
      claims: { role: ['a', { b: null }] },
    })
    expect(ticket.class).toBe(JWT_CLASS)
    const [header = ''] = new TextDecoder().decode(ticket.data).split('.')
    expect(Buffer.from(header, 'base64url').toString()).toBe('{"alg":"HS256","typ":"JWT"}')
    expect(claimsOf(ticket.data)).toEqual({
      iss: 'me',
      sub: peer,
      aud: 'you',
      jti: 'n1',
      iat: 1_900_000_000.001,
      nbf: 1_900_000_000.02,
      exp: 1_900_000_090.001,
      role: ['a', { b: null }],
    })
    expect(judge({}, ticket.data, { now: now + 20 })).toBe(now + 90_001)
  })

  it('has defaults that its own validator accepts, by the system clock', () => {
    const before = Date.now()
    const ticket = issueJwt({ key, peer })
    const end = jwtValidator({ keys: [key] }).validate(ticket.data, { ...holder, now: Date.now() }) as number
    expect(end).toBeGreaterThanOrEqual(before + 3_600_000)
    expect(end).toBeLessThanOrEqual(Date.now() + 3_600_000)
    expect(Object.keys(claimsOf(ticket.data)).toSorted()).toEqual(['exp', 'iat', 'sub'])
  })

  it('takes registered claims in their JWT form', () => {
    const data = issue({ claims: { aud: ['a', 'b'], exp: now / 1000 + 5, iss: 'x', sub: peer } })
    expect(claimsOf(data)).toMatchObject({ aud: ['a', 'b'], exp: now / 1000 + 5, iss: 'x', sub: peer, iat: now / 1000 })
    const undated = issueJwt({ key, peer, claims: { iat: 1000 } }).data
    expect(claimsOf(undated), 'expiresIn counts from iat').toMatchObject({ iat: 1000, exp: 4600 })
  })

  it('refuses to issue what no validator would take', () => {
    const refuse = (options: Record<string, unknown>): void => {
      expect(() => issue(options as Partial<JwtIssueOptions>), inspect(options)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
      )
    }
    refuse({ subject: other })
    refuse({ claims: { sub: other } })
    refuse({ peer: 'me' })
    refuse({ expiresIn: '1m', expiresAt: now })
    refuse({ expiresIn: '-1s' })
    refuse({ expiresAt: 'later' })
    refuse({ expiresAt: Number.NaN })
    refuse({ expiresAt: 1e17 })
    refuse({ issuedAt: -1 })
    refuse({ issuer: 7 })
    refuse({ issuer: 'a', claims: { iss: 'b' } })
    refuse({ expiresAt: 'never', claims: { exp: 1 } })
    refuse({ claims: { exp: 'soon' } })
    refuse({ claims: { aud: [1] } })
    refuse({ claims: { jti: 1 } })
    refuse({ claims: { x: undefined } })
    refuse({ claims: { x: 1n } })
    refuse({ claims: { x: Number.NaN } })
    refuse({ claims: { x: new Date() } })
    refuse({ claims: { x: '\ud800' } })
    refuse({ claims: [] })
    expect(() => issue({ claims: { x: 'x'.repeat(13_000) } })).toThrow(expect.objectContaining({ code: 'ERR_TOO_LARGE' }))
  })
})

describe('refusals', () => {
  it('binds the holder, and a wanted subject besides', () => {
    expect(refused(() => judge({}, issue(), { peerId: other }))).toEqual({ reason: 'wrong-subject', claim: 'sub' })
    expect(refused(() => judge({ subject: other }, issue()))).toEqual({ reason: 'wrong-subject', claim: 'sub' })
    expect(refused(() => judge({ subject: other }, issue(), { peerId: other }))).toEqual({ reason: 'wrong-subject', claim: 'sub' })
    expect(judge({ subject: peer }, issue())).toBe(now + 3_600_000)
  })

  it('issuers: one of them', () => {
    const issuers = ['a', 'b']
    expect(judge({ issuers }, issue({ issuer: 'b' }))).toBe(now + 3_600_000)
    expect(refused(() => judge({ issuers }, issue({ issuer: 'c' })))).toEqual({ reason: 'wrong-issuer', claim: 'iss' })
    expect(refused(() => judge({ issuers }, issue()))).toEqual({ reason: 'wrong-issuer', claim: 'iss' })
  })

  it('audiences: one in common, arrays too', () => {
    const audiences = ['a', 'b']
    expect(judge({ audiences }, issue({ audience: 'b' }))).toBe(now + 3_600_000)
    expect(judge({ audiences }, issue({ claims: { aud: ['x', 'a'] } }))).toBe(now + 3_600_000)
    for (const claims of [{ aud: ['x', 'y'] }, { aud: [] }, { aud: 'c' }, {}]) {
      expect(refused(() => judge({ audiences }, issue({ claims })))).toEqual({ reason: 'wrong-audience', claim: 'aud' })
    }
  })

  it('exp: needed, unless not; the end is the first refused millisecond', () => {
    const data = issue({ expiresAt: now + 1500 })
    expect(judge({}, data)).toBe(now + 1500)
    expect(judge({}, data, { now: now + 1499 })).toBe(now + 1500)
    expect(refused(() => judge({}, data, { now: now + 1500 }))).toEqual({ reason: 'expired', claim: 'exp' })
    const endless = issue({ expiresAt: 'never' })
    expect(refused(() => judge({}, endless))).toEqual({ reason: 'no-expiry', claim: 'exp' })
    expect(judge({ allowNonExpiring: true }, endless)).toBe('never')
    expect(judge({ allowNonExpiring: true }, data)).toBe(now + 1500)
  })

  it('nbf', () => {
    const data = issue({ notBefore: now + 1000 })
    expect(refused(() => judge({}, data, { now: now + 999 }))).toEqual({ reason: 'not-yet-valid', claim: 'nbf' })
    expect(judge({}, data, { now: now + 1000 })).toBe(now + 3_600_000)
  })

  it('maxLifetime: what is left, not what was given', () => {
    const data = issue({ expiresIn: '10m' })
    expect(refused(() => judge({ maxLifetime: '5m' }, data))).toEqual({ reason: 'lifetime-too-long', claim: 'exp' })
    expect(judge({ maxLifetime: '5m' }, data, { now: now + 300_000 })).toBe(now + 600_000)
    expect(judge({ maxLifetime: 600_000 }, data)).toBe(now + 600_000)
    expect(refused(() => judge({ maxLifetime: 0 }, data)).reason, 'zero is a limit').toBe('lifetime-too-long')
    expect(judge({ maxLifetime: 1, allowNonExpiring: true }, issue({ expiresAt: 'never' }))).toBe('never')
  })

  it('maxAge: needs an iat, not in the future, and ends the ticket', () => {
    const data = issue()
    expect(judge({ maxAge: '1m' }, data)).toBe(now + 60_001)
    expect(judge({ maxAge: '1m' }, data, { now: now + 60_000 })).toBe(now + 60_001)
    expect(refused(() => judge({ maxAge: '1m' }, data, { now: now + 60_001 }))).toEqual({ reason: 'too-old', claim: 'iat' })
    expect(refused(() => judge({ maxAge: '1m' }, data, { now: now - 1 }))).toEqual({ reason: 'issued-in-future', claim: 'iat' })
    expect(judge({ maxAge: '1m', allowNonExpiring: true }, issue({ expiresAt: 'never' }))).toBe(now + 60_001)
    expect(judge({ maxAge: '2m' }, issue({ expiresIn: '1m' }))).toBe(now + 60_000)
    const undated = sign({ sub: peer, exp: now / 1000 + 60 })
    expect(refused(() => judge({ maxAge: '1m' }, undated))).toEqual({ reason: 'no-issue-time', claim: 'iat' })
    expect(judge({}, undated)).toBe(now + 60_000)
  })

  it('leeway widens every comparison of times', () => {
    const leeway = '5s'
    const data = issue({ expiresAt: now + 1000, notBefore: now + 500 })
    expect(judge({ leeway }, data, { now: now - 4500 })).toBe(now + 6000)
    expect(refused(() => judge({ leeway }, data, { now: now - 4501 })).reason).toBe('not-yet-valid')
    expect(judge({ leeway }, data, { now: now + 5999 })).toBe(now + 6000)
    expect(refused(() => judge({ leeway }, data, { now: now + 6000 })).reason).toBe('expired')
    expect(judge({ leeway, maxAge: 0 }, issue(), { now: now - 5000 })).toBe(now + 5001)
    expect(refused(() => judge({ leeway, maxAge: 0 }, issue(), { now: now - 5001 })).reason).toBe('issued-in-future')
    expect(refused(() => judge({ leeway, maxAge: 0 }, issue(), { now: now + 5001 })).reason).toBe('too-old')
    expect(refused(() => judge({ leeway, maxLifetime: '1s' }, issue({ expiresIn: '7s' }))).reason).toBe('lifetime-too-long')
    expect(judge({ leeway, maxLifetime: '2s' }, issue({ expiresIn: '7s' }))).toBe(now + 12_000)
  })

  it('claims: the same JSON, registered names too, nothing inherited', () => {
    const data = issue({ tokenId: 'n1', claims: { role: { b: [1, 'x', null], a: true }, zero: 0, ['__proto__x']: 1 } })
    for (const claims of [{ role: { a: true, b: [1, 'x', null] } }, { jti: 'n1' }, { zero: -0 }, { iat: now / 1000, sub: peer }, {}]) {
      expect(judge({ claims }, data), JSON.stringify(claims)).toBe(now + 3_600_000)
    }
    const wrong = [
      { role: { a: true } },
      { role: { a: true, b: [1, 'x'] } },
      { role: { a: true, b: { 0: 1, 1: 'x', 2: null } } },
      { role: 'x' },
    ]
    for (const claims of [...wrong, { zero: '0' }, { zero: false }, { zero: null }, { jti: 'n2' }, { toString: null }, { missing: null }]) {
      const claim = Object.keys(claims)[0]
      expect(
        refused(() => judge({ claims }, data)),
        JSON.stringify(claims),
      ).toEqual({ reason: 'wrong-claim', claim })
    }
  })

  it('registered claims of the wrong type are refused even when nobody asks for them', () => {
    const faults = { iss: 1, sub: [peer], aud: { a: 1 }, exp: '1', nbf: null, iat: -1 }
    for (const [claim, value] of Object.entries(faults)) {
      expect(refused(() => judge({}, sign({ sub: peer, exp: now, [claim]: value })))).toEqual({ reason: 'malformed-claims', claim })
    }
    const huge = signRaw('{"alg":"HS256"}', `{"sub":"${peer}","exp":1e400}`)
    expect(
      refused(() => judge({ allowNonExpiring: true }, huge)),
      'overflow is not never',
    ).toEqual({ reason: 'malformed-claims', claim: 'exp' })
    expect(refused(() => judge({}, sign({ sub: peer, exp: 8.64e12 + 1 }))).reason).toBe('malformed-claims')
    expect(judge({}, sign({ sub: peer, exp: 8.64e12 }))).toBe(8.64e15)
  })

  it('a message quotes strangers briefly, escaped and on one line', () => {
    const data = sign({ sub: `evil\n${'x'.repeat(5000)}`, exp: now })
    try {
      judge({}, data)
      expect.unreachable()
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(400)
      expect((error as Error).message).not.toContain('\n')
    }
  })
})
