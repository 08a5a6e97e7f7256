import { webcrypto } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generateJwtKey, JWT_CLASS, jwtValidator, publicJwtKey } from '@mosaik/core/jwt'
import type { JwtAlgorithm, JwtKey, JwtValidatorOptions } from '@mosaik/core/jwt'
import { verifyingKey } from '../src/jwt/keys.ts'
import { algorithms, base64url, bytesOf, holder, issue, judge, key, now, other, peer, refused, secret, textOf } from './jwt-kit.ts'

const fromText = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, 'base64url'))

describe('known vectors', () => {
  const claims = 'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'
  const vectors: readonly { name: string; key: JwtKey; token: string; reason: string }[] = [
    {
      name: 'RFC 7515 A.1 (RFC 7519 3.1), HS256',
      key: { alg: 'HS256', key: fromText('AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow') },
      token: `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${claims}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`,
      reason: 'wrong-subject',
    },
    {
      name: 'RFC 7515 A.3, ES256',
      key: { alg: 'ES256', key: Uint8Array.of(3, ...fromText('f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU')) },
      token: `eyJhbGciOiJFUzI1NiJ9.${claims}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q`,
      reason: 'wrong-subject',
    },
    {
      name: 'RFC 8037 A.4, Ed25519',
      key: { alg: 'EdDSA', key: fromText('11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo') },
      token:
        'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.' +
        'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
      reason: 'malformed',
    },
  ]

  // None of them names a peer, so none is a ticket: what they fail at comes after the signature.
  it.each(vectors)('$name: the signature holds, and no other does', ({ key: theirs, token, reason }) => {
    const at = { now: 1_300_819_379_000 }
    expect(refused(() => judge({ keys: [theirs] }, bytesOf(token), at)).reason).toBe(reason)
    const changed = token.slice(0, -8) + (token.at(-8) === 'A' ? 'B' : 'A') + token.slice(-7)
    expect(refused(() => judge({ keys: [theirs] }, bytesOf(changed), at)).reason).toBe('bad-signature')
  })

  it('RFC 8037 A.1 and A.2: the public key of a seed', () => {
    const shown = publicJwtKey({ alg: 'EdDSA', key: fromText('nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A') })
    expect(base64url(shown.key)).toBe('11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo')
  })

  it('RFC 7515 A.3: the compressed point of a scalar', () => {
    const shown = publicJwtKey({ alg: 'ES256', key: fromText('jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI') })
    expect(base64url((shown.key as Uint8Array).subarray(1))).toBe('f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU')
    expect(shown.key[0]).toBe(3)
  })

  it('the ticket class and the fingerprint of a key', () => {
    expect(JWT_CLASS).toBe('4586eafab50d29f2ad5212e08f84d0a789cd6a565ce8d344652b1b7b60973d8c')
    expect(verifyingKey(key, 'key').fingerprint).toBe('471931627ae2daba380f238bbf543caf3043def6a65c637ce8b773020c7a4a9c')
  })
})

describe('another implementation agrees', () => {
  const imports: Partial<Record<JwtAlgorithm, webcrypto.AlgorithmIdentifier | webcrypto.EcKeyImportParams | webcrypto.HmacImportParams>> = {
    HS256: { name: 'HMAC', hash: 'SHA-256' },
    HS384: { name: 'HMAC', hash: 'SHA-384' },
    HS512: { name: 'HMAC', hash: 'SHA-512' },
    ES256: { name: 'ECDSA', namedCurve: 'P-256' },
    ES384: { name: 'ECDSA', namedCurve: 'P-384' },
    ES512: { name: 'ECDSA', namedCurve: 'P-521' },
    EdDSA: { name: 'Ed25519' },
  }
  const hashes: Partial<Record<JwtAlgorithm, string>> = { ES256: 'SHA-256', ES384: 'SHA-384', ES512: 'SHA-512' }

  it.each(Object.keys(imports) as JwtAlgorithm[])('%s: web crypto signs, we validate', async (alg) => {
    const { subtle } = webcrypto
    const hash = hashes[alg]
    const how = hash === undefined ? { name: alg === 'EdDSA' ? 'Ed25519' : 'HMAC' } : { name: 'ECDSA', hash }
    const made = await subtle.generateKey(imports[alg] as webcrypto.EcKeyGenParams, true, ['sign', 'verify'])
    const signer = 'privateKey' in made ? made.privateKey : (made as webcrypto.CryptoKey)
    const shown = 'publicKey' in made ? made.publicKey : signer
    const raw = new Uint8Array(await subtle.exportKey('raw', shown))
    const half = (raw.length - 1) / 2
    const point = Uint8Array.of(2 + ((raw.at(-1) as number) & 1), ...raw.subarray(1, 1 + half))
    const input = `${base64url(JSON.stringify({ alg }))}.${base64url(JSON.stringify({ sub: peer, exp: now / 1000 + 1 }))}`
    const token = `${input}.${base64url(new Uint8Array(await subtle.sign(how, signer, bytesOf(input))))}`
    const keys = [{ alg, key: hash === undefined ? raw : point }]
    expect(judge({ keys }, bytesOf(token))).toBe(now + 1000)
  })

  it.each(['ES256', 'ES384', 'ES512', 'EdDSA'] as const)('%s: we sign, web crypto verifies', async (alg) => {
    const { subtle } = webcrypto
    const mine = generateJwtKey(alg)
    const [head, payload, tail = ''] = textOf(issue({ key: mine })).split('.')
    const raw = Buffer.from(publicJwtKey(mine).key as Uint8Array)
    const hash = hashes[alg]
    if (hash === undefined) {
      const shown = await subtle.importKey('raw', raw, 'Ed25519', true, ['verify'])
      expect(await subtle.verify('Ed25519', shown, fromText(tail), bytesOf(`${head}.${payload}`))).toBe(true)
    } else {
      const shown = await subtle.importKey('raw', raw, imports[alg] as webcrypto.EcKeyImportParams, true, ['verify'])
      expect(await subtle.verify({ name: 'ECDSA', hash }, shown, fromText(tail), bytesOf(`${head}.${payload}`))).toBe(true)
    }
  })
})

describe('malformed keys and options', () => {
  const lengths: Record<JwtAlgorithm, readonly [sign: readonly number[], verify: readonly number[]]> = {
    HS256: [
      [0, 31, 1025],
      [0, 31, 1025],
    ],
    HS384: [[47], [47]],
    HS512: [[63], [63]],
    ES256: [
      [0, 31, 33, 65],
      [0, 31, 34, 65],
    ],
    ES384: [
      [47, 49],
      [47, 50, 97],
    ],
    ES512: [
      [65, 67],
      [65, 68, 133],
    ],
    ES256K: [
      [31, 33],
      [31, 34, 65],
    ],
    EdDSA: [
      [31, 33, 64],
      [31, 33, 64],
    ],
  }
  const invalid = expect.objectContaining({ code: 'ERR_INVALID_OPTION' })
  const validator = (options: object | null | undefined): unknown => jwtValidator(options as JwtValidatorOptions)

  it.each(algorithms)('%s: wrong lengths', (alg) => {
    const [signing, verifying] = lengths[alg]
    for (const length of signing)
      expect(() => issue({ key: { alg, key: new Uint8Array(length).fill(1) } }), `sign ${length}`).toThrow(invalid)
    for (const length of verifying)
      expect(() => validator({ keys: [{ alg, key: new Uint8Array(length).fill(2) }] }), `verify ${length}`).toThrow(invalid)
  })

  it.each(['ES256', 'ES384', 'ES512', 'ES256K'] as const)('%s: scalars out of range, points off the curve', (alg) => {
    const size = (generateJwtKey(alg).key as Uint8Array).length
    for (const fill of [0, 255]) {
      expect(() => issue({ key: { alg, key: new Uint8Array(size).fill(fill) } })).toThrow(invalid)
      expect(() => validator({ keys: [{ alg, key: new Uint8Array(size).fill(fill) }] })).toThrow(invalid)
    }
    const point = publicJwtKey(generateJwtKey(alg)).key as Uint8Array
    for (const first of [0, 1, 4, 6]) expect(() => validator({ keys: [{ alg, key: point.with(0, first) }] })).toThrow(invalid)
    const outcomes = Array.from({ length: 64 }, (_, i) => {
      try {
        return validator({ keys: [{ alg, key: new Uint8Array(size + 1).fill(i, 1).fill(2, 0, 1) }] }) !== undefined
      } catch {
        return false
      }
    })
    expect(outcomes).toContain(false)
  })

  it('EdDSA: points off the curve, not canonical, or of small order', () => {
    const bad = [
      '00'.repeat(32),
      `01${'00'.repeat(31)}`,
      `02${'00'.repeat(31)}`,
      'ff'.repeat(32),
      `ec${'ff'.repeat(30)}7f`,
      `ed${'ff'.repeat(30)}7f`,
      `ee${'ff'.repeat(30)}7f`,
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    ]
    for (const hex of bad) expect(() => validator({ keys: [{ alg: 'EdDSA', key: hex }] }), hex).toThrow(invalid)
    for (let i = 0; i < 20; i++) expect(() => validator({ keys: [publicJwtKey(generateJwtKey('EdDSA'))] })).not.toThrow()
  })

  it('keys that are no keys, and options of the wrong kind', () => {
    const bad = [
      undefined,
      null,
      {},
      { keys: [] },
      { keys: [null] },
      { keys: ['x'] },
      { keys: [{ alg: 'none', key: secret }] },
      { keys: [{ alg: 'hs256', key: secret }] },
    ]
    const badHex = ['xyz', 'ab'.repeat(31) + 'a', ` ${'ab'.repeat(32)}`, `0x${'ab'.repeat(32)}`, 7, undefined, [...secret]]
    const badOptions = [
      { issuers: [] },
      { issuers: [1] },
      { audiences: [] },
      { audiences: [''] },
      { subject: 1 },
      { allowNonExpiring: 'yes' },
      { maxLifetime: -1 },
      { maxAge: '1h' },
      { leeway: '11m' },
      { leeway: -1 },
      { claims: { a: undefined } },
      { claims: { a: () => 1 } },
      { claims: 'a' },
      { audience: 'a' },
      { issuer: 'a' },
    ]
    for (const options of bad) expect(() => validator(options), JSON.stringify(options)).toThrow(invalid)
    for (const hex of badHex) expect(() => validator({ keys: [{ alg: 'HS256', key: hex }] }), String(hex)).toThrow(invalid)
    for (const options of badOptions) expect(() => validator({ keys: [key], ...options }), JSON.stringify(options)).toThrow(invalid)
    expect(() => generateJwtKey('RS256' as JwtAlgorithm)).toThrow(invalid)
    expect(() => publicJwtKey(key), 'a secret has no public half').toThrow(invalid)
  })

  it('no message quotes a key', () => {
    for (const hex of ['ab'.repeat(31), 'ab'.repeat(40)]) {
      for (const alg of algorithms) {
        expect(() => validator({ keys: [{ alg, key: `${hex}zz` }] }), alg).toThrow(
          expect.not.objectContaining({ message: expect.stringContaining('abab') }),
        )
      }
    }
  })
})

describe('the signature of a validator', () => {
  const signature = (options: Partial<JwtValidatorOptions>): string => jwtValidator({ keys: [key], ...options }).signature

  it('tells every two configurations apart', () => {
    const es = publicJwtKey(generateJwtKey('ES256'))
    const configurations: readonly Partial<JwtValidatorOptions>[] = [
      {},
      { keys: [es] },
      { keys: [key, es] },
      { keys: [{ alg: 'HS256', key: secret.with(0, 1) }] },
      { issuers: ['a,b'] },
      { issuers: ['a', 'b'] },
      { issuers: ['a'] },
      { audiences: ['a'] },
      { audiences: ['a', 'b'] },
      { subject: peer },
      { subject: other },
      { claims: { a: 'a' } },
      { claims: { a: 1 } },
      { claims: { a: '1' } },
      { claims: { a: null } },
      { claims: { a: [] } },
      { claims: { a: {} } },
      { claims: { aa: 1 } },
      { claims: { a: 1, b: 1 } },
      { claims: { a: { b: 1 } } },
      { allowNonExpiring: true },
      { maxLifetime: 0 },
      { maxLifetime: 1 },
      { maxLifetime: 1000 },
      { maxLifetime: 1001 },
      { maxAge: 0 },
      { maxAge: 1 },
      { maxAge: 1000 },
      { leeway: 1 },
      { leeway: 2 },
      { maxAge: 1, leeway: 1 },
    ]
    expect(new Set(configurations.map(signature)).size).toBe(configurations.length)
  })

  it('does not tell apart what means the same', () => {
    const es = publicJwtKey(generateJwtKey('ES256'))
    const same: readonly (readonly [Partial<JwtValidatorOptions>, Partial<JwtValidatorOptions>])[] = [
      [{ keys: [key, es] }, { keys: [es, key, es] }],
      [{ issuers: ['a', 'b'] }, { issuers: ['b', 'a', 'a'] }],
      [{ maxAge: '1s' }, { maxAge: 1000 }],
      [{ leeway: 0, allowNonExpiring: false }, {}],
      [{ claims: { a: 1, b: { c: 1, d: 0 } } }, { claims: { b: { d: -0, c: 1 }, a: 1 } }],
      [{ claims: {} }, {}],
    ]
    for (const [a, b] of same) expect(signature(a)).toBe(signature(b))
  })

  it('property: claims share a signature exactly when they are the same JSON', () => {
    // What is called __proto__ is refused.
    const plainJson = fc.jsonValue({ maxDepth: 2 }).filter((value) => !JSON.stringify(value).includes('"__proto__"'))
    const claims = fc.dictionary(fc.string({ maxLength: 3 }), plainJson, { maxKeys: 3 }) as fc.Arbitrary<Record<string, unknown>>
    fc.assert(
      fc.property(claims, claims, (a, b) => {
        const text = (value: unknown): string => JSON.stringify(sorted(value))
        expect(signature({ claims: a }) === signature({ claims: b })).toBe(text(a) === text(b))
        expect(signature({ claims: a })).toBe(signature({ claims: structuredClone(a) }))
      }),
      { numRuns: 200 },
    )
  })

  it('is a secret exactly when a secret is among the keys', () => {
    const es = publicJwtKey(generateJwtKey('ES256'))
    expect(jwtValidator({ keys: [key] }).secret).toBe(true)
    expect(jwtValidator({ keys: [es, key] }).secret).toBe(true)
    expect(jwtValidator({ keys: [es, publicJwtKey(generateJwtKey('EdDSA'))] }).secret).toBe(false)
  })

  it('options and keys are copied', () => {
    const mine = secret.slice()
    const issuers = ['a']
    const validator = jwtValidator({ keys: [{ alg: 'HS256', key: mine }], issuers })
    mine.fill(0)
    issuers[0] = 'b'
    expect(validator.validate(issue({ issuer: 'a' }), holder)).toBe(now + 3_600_000)
  })
})

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, item]) => [name, sorted(item)])
    .concat([['object']])
}
