import { inspect } from 'node:util'
import {
  generateSecretKey,
  isPeerId,
  peerIdFromPublicKey,
  peerIdOf,
  publicKeyOf,
  secretKey,
  seedOf,
  signWith,
  uniqueId,
  verify,
} from '@mosaik/core'
import type { PeerId, SecretKey } from '@mosaik/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { caught } from './support/caught.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('keys', () => {
  test.each([
    ['mysecret', 'd128d7b6e3f77e017feba6147741ede4f8da3e6ff03d6e4f3be40a356a947b6a'],
    [uniqueId('my-app'), 'dee1df16650162b9da5c06f27f9c724a96263de540a123a6f50b2e59fbb4408a'],
    [
      '130d2e82fc3b7c75a9c7d712d8ab36542c61ea20eface7141cd5427b70166e38',
      'cdf2e3bd868248e0e2c919a1a07f787b6da06616f0cd1e7efefe5698f9a2a909',
    ],
    [
      'ebf8e85f5b9d437bfb21e1096412decee2a48b4a5ecca47155e9cc82bdbd4bac',
      'eebfdd3cd570359751cc476003d18a068cf6db864b136d3a8cac415a6b2a84d3',
    ],
  ])('golden: the public key of %s', (text, publicKey) => {
    expect(hex(publicKeyOf(peerIdOf(secretKey(text))))).toBe(publicKey)
  })

  test('64 hex digits are the seed itself', () => {
    expect(hex(seedOf(secretKey('0A'.repeat(32))))).toBe('0a'.repeat(32))
    expect(hex(seedOf(secretKey('mysecret')))).toBe(uniqueId('mysecret'))
  })

  test('RFC 8032, test 1', () => {
    const key = secretKey('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60')
    expect(hex(publicKeyOf(peerIdOf(key)))).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a')
    expect(hex(signWith(key, new Uint8Array(0)))).toBe(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    )
  })

  test('a key never shows its bytes', () => {
    const key = secretKey('01'.repeat(32))
    const shown = [
      inspect(key),
      inspect({ key }, { depth: 9, showHidden: true }),
      JSON.stringify({ key }),
      String(key),
      `${Object.keys(key)}`,
    ].join(' ')
    expect(shown).not.toContain('0101')
    expect(shown).not.toContain('1, 1, 1')
    expect(shown).toContain('redacted')
    expect(Object.isFrozen(key)).toBe(true)
    expect(() => structuredClone({ seed: (key as unknown as { seed: unknown }).seed })).not.toThrow()
  })

  test('what came out cannot change the key', () => {
    const key = generateSecretKey()
    const before = hex(seedOf(key))
    seedOf(key).fill(0)
    expect(hex(seedOf(key))).toBe(before)
  })

  test('generated keys differ', () => expect(peerIdOf(generateSecretKey())).not.toBe(peerIdOf(generateSecretKey())))

  test('what is no key is refused', () => {
    expect(caught(() => secretKey('')).code).toBe('ERR_INVALID_OPTION')
    for (const value of [{}, 'text', null, undefined] as unknown[]) {
      expect(caught(() => peerIdOf(value as SecretKey)).code).toBe('ERR_INVALID_OPTION')
    }
  })
})

describe('peer ids', () => {
  test('known to libp2p', () => {
    // The identity of js-libp2p's own documentation for the key of RFC 8032 test 1 is the multihash 0024 0801 1220 ‖ key.
    const id = peerIdOf(secretKey('mysecret'))
    expect(id).toMatch(/^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/)
    expect(peerIdFromPublicKey(publicKeyOf(id))).toBe(id)
  })

  test('any other text is none', () => {
    const id = peerIdOf(secretKey('mysecret'))
    const wrong = [
      '', id.slice(1), `${id}a`, ` ${id}`, id.toLowerCase(), 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N',
      `12D3Koo0${id.slice(8)}`, `12D3KooW${'1'.repeat(44)}`, id.replace(/.$/, '0'), 7, null, undefined, {},
    ] // prettier-ignore
    for (const text of wrong) expect(isPeerId(text), String(text)).toBe(false)
    expect(caught(() => publicKeyOf('x' as PeerId)).code).toBe('ERR_INVALID_OPTION')
    expect(caught(() => peerIdFromPublicKey(new Uint8Array(31))).code).toBe('ERR_INVALID_OPTION')
  })

  test('one text per key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (publicKey) => {
        const id = peerIdFromPublicKey(publicKey)
        expect(isPeerId(id)).toBe(true)
        expect(id).toHaveLength(52)
        expect(publicKeyOf(id)).toEqual(publicKey)
      }),
    )
  })
})

describe('signatures', () => {
  const key = secretKey('signer')
  const id = peerIdOf(key)

  test('hold for exactly these bytes of this peer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.nat(), fc.integer({ min: 0, max: 7 }), (bytes, where, bit) => {
        const signature = signWith(key, bytes)
        expect(signature.constructor).toBe(Uint8Array)
        expect(verify(id, bytes, signature)).toBe(true)
        const changed = bytes.slice()
        changed[where % bytes.length]! ^= 1 << bit
        expect(verify(id, changed, signature)).toBe(false)
        const forged = signature.slice()
        forged[where % 64]! ^= 1 << bit
        expect(verify(id, bytes, forged)).toBe(false)
      }),
      { numRuns: 50 },
    )
    expect(verify(peerIdOf(generateSecretKey()), Uint8Array.of(1), signWith(key, Uint8Array.of(1)))).toBe(false)
  })

  test('nonsense is false, never an error', () => {
    const bytes = Uint8Array.of(1, 2)
    for (const length of [0, 1, 63, 65]) expect(verify(id, bytes, new Uint8Array(length))).toBe(false)
    expect(verify('nobody' as PeerId, bytes, new Uint8Array(64))).toBe(false)
    expect(verify(peerIdFromPublicKey(new Uint8Array(32).fill(255)), bytes, new Uint8Array(64))).toBe(false)
  })

  test('more peers than keys are kept', () => {
    const bytes = Uint8Array.of(1)
    for (let i = 0; i < 4200; i++) {
      const publicKey = new Uint8Array(32)
      new DataView(publicKey.buffer).setUint32(0, i)
      verify(peerIdFromPublicKey(publicKey), bytes, new Uint8Array(64))
    }
    expect(verify(id, bytes, signWith(key, bytes))).toBe(true)
  })
})
