import { compareBytes, deriveId, idFromBytes, isUniqueId, MosaikError, randomId, shortId, toBytes, uniqueId } from '@mosaik/core'
import type { UniqueId } from '@mosaik/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { caught } from './support/caught.ts'

const MY_APP = 'e03989181c8f0a8f6d7dd41c2780886a44dce46ee9419d91d2c2b99851afd811'

describe('uniqueId', () => {
  test.each([
    ['', 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
    ['my-app', MY_APP],
    ['abcd', '8c9c9881805d1a847102d7a42e58b990d088dd88a84f7314d71c838107571f2b'],
    ['mosaik.tickets.jwt.v1', '4586eafab50d29f2ad5212e08f84d0a789cd6a565ce8d344652b1b7b60973d8c'],
    ['mysecret', '1173fd4d6c914533c6b05dff3b50fbc771999360ec25ad842115b4c802c211d6'],
    ['alloc::string::String', '3b5a1dd4d2c82bee28a22e983905ce688284518535f3a15c8bb1c4d2bc476908'],
  ])('golden: %s', (text, id) => expect(uniqueId(text)).toBe(id))

  test('64 hex digits of either case are taken as they are', () => {
    expect(uniqueId('AB'.repeat(32))).toBe('ab'.repeat(32))
    expect(uniqueId(MY_APP)).toBe(MY_APP)
  })

  test('63, 65 or padded digits are text', () => {
    for (const text of ['a'.repeat(63), 'a'.repeat(65), ` ${'a'.repeat(63)}`, `${'a'.repeat(63)}g`, `${'a'.repeat(64)}\n`]) {
      expect(uniqueId(text)).not.toBe(text)
      expect(isUniqueId(uniqueId(text))).toBe(true)
    }
  })

  test('bytes are read as the text they are: raw ones are hashed', () => {
    expect(uniqueId(new TextEncoder().encode('my-app'))).toBe(MY_APP)
    expect(uniqueId(new TextEncoder().encode('AB'.repeat(32)))).toBe('ab'.repeat(32))
    expect(uniqueId(toBytes(uniqueId('my-app')))).toBe('21f05ec6832d1ad19b928e6081ef5012203fa09a16a189e0ddbea9fcdb5b472f')
  })

  test('text and its UTF-8 name the same', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => uniqueId(text) === uniqueId(new TextEncoder().encode(text))))
  })
})

describe('deriveId', () => {
  test('golden', () => {
    const child = '095a4ff7cade1d452486a5b1efd9782ecb05cce4dc96b6111c2e0dd0ed6fdb1c'
    expect(deriveId(uniqueId('my-app'), 'sub-identifier')).toBe(child)
    expect(deriveId('my-app', 'sub-identifier')).toBe(child)
    expect(deriveId('my-app', new TextEncoder().encode('sub-identifier'))).toBe(child)
    expect(deriveId(uniqueId('mosaik.example.group-chat'), 'lobby')).toBe(
      '877442de48f7be078d296b2cd6fbb650ad0c9fc057972139bd32e0acef0970af',
    )
  })

  test('info is never read as hex', () => {
    expect(deriveId('a', 'ab'.repeat(32))).not.toBe(deriveId('a', toBytes('ab'.repeat(32) as UniqueId)))
  })

  test('the chain of table slots', () => {
    let slot = uniqueId('my-app')
    const slots = [slot]
    for (let i = 0; i < 15; i++) slots.push((slot = deriveId(slot, toBytes(slot))))
    expect(slots[1]).toBe('130d2e82fc3b7c75a9c7d712d8ab36542c61ea20eface7141cd5427b70166e38')
    expect(slots[15]).toBe('ebf8e85f5b9d437bfb21e1096412decee2a48b4a5ecca47155e9cc82bdbd4bac')
  })
})

test('bytes and ids are the same thing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const id = idFromBytes(bytes)
      expect(toBytes(id)).toEqual(bytes)
      expect(uniqueId(id)).toBe(id)
    }),
  )
  expect(caught(() => idFromBytes(new Uint8Array(31))).code).toBe('ERR_INVALID_OPTION')
  expect(caught(() => toBytes('my-app' as UniqueId)).code).toBe('ERR_INVALID_OPTION')
  expect(caught(() => toBytes('AB'.repeat(32) as UniqueId)).code).toBe('ERR_INVALID_OPTION')
  expect(() => toBytes(undefined as never)).toThrow(MosaikError)
})

test('random ids differ', () => {
  const ids = new Set(Array.from({ length: 1000 }, randomId))
  expect(ids.size).toBe(1000)
  for (const id of ids) expect(isUniqueId(id)).toBe(true)
})

test('shortId is ten digits', () => expect(shortId(MY_APP)).toBe('e03989181c'))

test('compareBytes orders as hex text does', () => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 6 }), fc.uint8Array({ maxLength: 6 }), (a, b) => {
      const expected = hex(a) < hex(b) ? -1 : hex(a) > hex(b) ? 1 : 0
      expect(Math.sign(compareBytes(a, b))).toBe(expected)
    }),
  )
})
