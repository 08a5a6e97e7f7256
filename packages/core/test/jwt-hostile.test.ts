import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MosaikError } from '@mosaik/core'
import { generateJwtKey, jwtValidator, publicJwtKey } from '@mosaik/core/jwt'
import type { JwtAlgorithm } from '@mosaik/core/jwt'
import { algorithms, base64url, bytesOf, holder, issue, judge, key, now, peer, refused, secret, sign, signRaw, textOf } from './jwt-kit.ts'

const good = textOf(issue())
const [head = '', payload = '', tail = ''] = good.split('.')

function signInput(input: string): string {
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

describe('shape', () => {
  it('three parts of canonical base64url, and nothing else', () => {
    const bad = [
      '',
      '.',
      '..',
      '...',
      head,
      `${head}.${payload}`,
      `${head}.${payload}.`,
      `.${payload}.${tail}`,
      `${good}.`,
      `${good}.${tail}`,
      ` ${good}`,
      `${good}\n`,
      `${good}=`,
      `${head}=.${payload}.${tail}`,
      signInput(`${head}. ${payload}`),
      signInput(`${head}.${payload}=`),
      signInput(`${head}.${payload}\n`),
      signInput(`${head}.`),
      `${head}.${payload}.${tail}AA`,
      good.replace(/[^.]$/, 'é'),
    ]
    for (const token of bad) expect(refused(() => judge({}, bytesOf(token))).reason, JSON.stringify(token)).toBe('malformed')
  })

  it('the spare bits of the last character must be zero', () => {
    // 32 bytes are 43 characters, of the last one two bits are spare: three other spellings decode to the same MAC.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = alphabet.indexOf(tail.at(-1) ?? '')
    for (const spare of [1, 2, 3]) {
      const token = good.slice(0, -1) + alphabet[last + spare]
      expect(Buffer.from(token.split('.')[2] ?? '', 'base64url')).toEqual(Buffer.from(tail, 'base64url'))
      expect(refused(() => judge({}, bytesOf(token))).reason).toBe('malformed')
    }
    expect(refused(() => judge({}, bytesOf(`${head}.${payload}.${tail.replaceAll('-', '+').replaceAll('_', '/')}+`))).reason).toBe(
      'malformed',
    )
  })

  it('header and payload are JSON objects in UTF-8', () => {
    for (const part of ['', 'x', '1', 'null', '[]', '"x"', '{"alg":"HS256"', '{}{}', '\ufeff{"alg":"HS256"}']) {
      expect(refused(() => judge({}, signRaw(part, '{}'))).reason, part).toBe('malformed')
      expect(refused(() => judge({}, signRaw('{"alg":"HS256"}', part))).reason, part).toBe('malformed')
    }
    const latin = Uint8Array.from(Buffer.from(`{"sub":"${peer}","x":"\xe9"}`, 'latin1'))
    expect(refused(() => judge({}, signRaw('{"alg":"HS256"}', latin))).reason).toBe('malformed')
  })

  it('16 KiB at most, measured before anything is decoded', () => {
    const fill = (length: number): Uint8Array =>
      signRaw('{"alg":"HS256"}', JSON.stringify({ sub: peer, exp: now / 1000, x: 'x'.repeat(length) }))
    expect(fill(12_100).length).toBeLessThanOrEqual(16_384)
    expect(judge({}, fill(12_100), { now: now - 1 })).toBe(now)
    expect(refused(() => judge({}, fill(12_300)))).toEqual({ reason: 'too-large' })
    expect(refused(() => judge({}, new Uint8Array(50_000_000).fill(0x2e)))).toEqual({ reason: 'too-large' })
  })

  it('deep nesting costs nothing', () => {
    const deep = `${'['.repeat(6000)}${']'.repeat(6000)}`
    const token = signRaw('{"alg":"HS256"}', `{"sub":"${peer}","exp":${now / 1000 + 1},"x":${deep}}`)
    expect(judge({}, token)).toBe(now + 1000)
    expect(refused(() => judge({ claims: { x: [[]] } }, token))).toEqual({ reason: 'wrong-claim', claim: 'x' })
    expect(refused(() => judge({}, signRaw(`{"alg":${deep}}`, '{}'))).reason).toBe('unknown-algorithm')
  })
})

describe('the algorithm is the key’s, not the token’s', () => {
  it('none, other spellings, other types', () => {
    for (const alg of ['none', 'None', 'hs256', 'HS512', 'RS256', 'constructor', '', null, 1, ['HS256'], { toString: 'HS256' }]) {
      expect(refused(() => judge({}, signRaw(JSON.stringify({ alg }), '{}'))).reason, JSON.stringify(alg)).toBe('unknown-algorithm')
    }
    expect(refused(() => judge({}, signRaw('{"typ":"JWT"}', '{}'))).reason).toBe('unknown-algorithm')
    expect(refused(() => judge({}, bytesOf(`${base64url('{"alg":"none"}')}.${payload}.AA`))).reason).toBe('unknown-algorithm')
  })

  it('a public key is never taken for a secret', () => {
    for (const alg of ['ES256', 'ES384', 'ES512', 'ES256K', 'EdDSA'] as const) {
      const shown = publicJwtKey(generateJwtKey(alg))
      for (const claimed of ['HS256', alg]) {
        const input = `${base64url(JSON.stringify({ alg: claimed }))}.${payload}`
        const forged = `${input}.${createHmac('sha256', shown.key).update(input).digest('base64url')}`
        expect(refused(() => judge({ keys: [shown] }, bytesOf(forged))).reason).toMatch(/unknown-algorithm|bad-signature/)
      }
    }
  })

  it('a key of one algorithm does not serve another, whatever its bytes', () => {
    const long = new Uint8Array(64).fill(7)
    const token = issue({ key: { alg: 'HS512', key: long } })
    expect(refused(() => judge({ keys: [{ alg: 'HS256', key: long }] }, token)).reason).toBe('unknown-algorithm')
    expect(
      judge(
        {
          keys: [
            { alg: 'HS512', key: long },
            { alg: 'HS256', key: long },
          ],
        },
        token,
      ),
    ).toBe(now + 3_600_000)
  })

  it('crit is refused, whatever it says; kid and typ are not looked at', () => {
    const claims = JSON.stringify({ sub: peer, exp: now / 1000 + 1 })
    for (const crit of [['exp'], ['b64'], [], 'x', null]) {
      expect(refused(() => judge({}, signRaw(JSON.stringify({ alg: 'HS256', crit }), claims))).reason).toBe('unknown-critical')
    }
    const header = { alg: 'HS256', kid: '../../etc/passwd', typ: 'JOSE', jku: 'http://x', jwk: { kty: 'oct', k: 'AA' } }
    expect(judge({}, signRaw(JSON.stringify(header), claims))).toBe(now + 1000)
  })

  it('of two members with one name the last counts, in the header and in the payload', () => {
    expect(refused(() => judge({}, signRaw('{"alg":"HS256","alg":"none"}', '{}'))).reason).toBe('unknown-algorithm')
    const twice = signRaw('{"alg":"none","alg":"HS256"}', `{"sub":"x","sub":"${peer}","exp":1,"exp":${now / 1000 + 1}}`)
    expect(judge({}, twice)).toBe(now + 1000)
  })
})

describe('mutation', () => {
  const keys = algorithms.map((alg) => [alg, generateJwtKey(alg)] as const)
  const validators = new Map(keys.map(([alg, mine]) => [alg, jwtValidator({ keys: [alg.startsWith('HS') ? mine : publicJwtKey(mine)] })]))
  const tokens = new Map(keys.map(([alg, mine]) => [alg, issue({ key: mine })]))

  it.each(algorithms)('%s: a changed byte is noticed', (alg) => {
    const validator = validators.get(alg)
    const token = tokens.get(alg) as Uint8Array
    const step = alg === 'ES384' || alg === 'ES512' ? 5 : 1 // the slow ones
    for (let i = 0; i < token.length; i += step) {
      for (const value of [(token[i] as number) ^ 1, 0x2e]) {
        if (value !== token[i]) refused(() => validator?.validate(token.with(i, value), holder))
      }
    }
  })

  it.each(algorithms)('%s: signatures of zeros, of ones, cut or doubled', (alg: JwtAlgorithm) => {
    const [h, p, t = ''] = textOf(tokens.get(alg) as Uint8Array).split('.')
    const length = Buffer.from(t, 'base64url').length
    const bad = [
      new Uint8Array(length),
      new Uint8Array(length).fill(255),
      new Uint8Array(length - 1),
      new Uint8Array(length * 2),
      new Uint8Array(1),
    ]
    for (const signature of bad) {
      expect(refused(() => validators.get(alg)?.validate(bytesOf(`${h}.${p}.${base64url(signature)}`), holder)).reason).toBe(
        'bad-signature',
      )
    }
  })

  it('property: any bytes are refused with a reason, or accepted because they are the token', () => {
    const tokenLike = fc.array(fc.constantFrom(head, payload, tail, '.', '..', 'AA', '=', '\0', base64url('{"alg":"HS256","crit":1}')), {
      maxLength: 8,
    })
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      tokenLike.map((parts) => bytesOf(parts.join(''))),
      fc.string().map(bytesOf),
    )
    const validator = jwtValidator({ keys: [key] })
    fc.assert(
      fc.property(bytes, (data) => {
        try {
          expect(validator.validate(data, holder)).toBe(now + 3_600_000)
          expect(textOf(data)).toBe(good)
        } catch (error) {
          expect(MosaikError.is(error, 'ERR_INVALID_TICKET')).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('property: rightly signed payloads of any JSON are judged or refused with a reason', () => {
    const time = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(now / 1000, now / 1000 + 1, null, '1', undefined))
    const claims = fc.record({
      sub: fc.constantFrom<unknown>(peer, 'x', 1, undefined),
      exp: time,
      nbf: time,
      iat: time,
      aud: fc.jsonValue(),
      x: fc.jsonValue(),
    })
    const validator = jwtValidator({ keys: [key], maxAge: '1m', maxLifetime: '1m', leeway: '1s', allowNonExpiring: true })
    fc.assert(
      fc.property(claims, (value) => {
        const data = sign(value)
        let end: number | 'never'
        try {
          end = validator.validate(data, holder)
        } catch (error) {
          expect(MosaikError.is(error, 'ERR_INVALID_TICKET')).toBe(true)
          return
        }
        // What it answers is the first millisecond at which it refuses.
        if (end === 'never') return
        expect(end).toBeGreaterThan(now)
        expect(() => validator.validate(data, { ...holder, now: end - 1 })).not.toThrow()
        expect(() => validator.validate(data, { ...holder, now: end })).toThrow()
      }),
      { numRuns: 1000 },
    )
  })
})
