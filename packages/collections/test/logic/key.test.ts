import type { CanonicalValue } from '@mosaik/core'
import { canonical } from '@mosaik/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { elementOf } from '../../src/logic/element.ts'
import { bytesOfKeyText, findKeyText, keyOfText, keyText, keyTextOfBytes } from '../../src/logic/key.ts'
import { afterPriority, priorityText } from '../../src/logic/order.ts'
import { textOf } from '../machines/kit.ts'

const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((each) => each.isWellFormed())
const number = fc.oneof(fc.double({ noNaN: true }), fc.integer(), fc.maxSafeInteger(), fc.constantFrom(0, -0, 1, -1, Infinity, -Infinity))
const bigint = fc.oneof(fc.bigInt({ min: -300n, max: 300n }), fc.bigInt({ min: -(2n ** 511n), max: 2n ** 511n }))
const key: fc.Arbitrary<CanonicalValue> = fc.oneof(
  text,
  number,
  bigint,
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 9 }),
  fc.date({ noInvalidDate: true }),
  fc.array(fc.oneof(text, number), { maxLength: 4 }),
  fc.dictionary(
    text.filter((each) => each !== '__proto__'),
    number,
    { maxKeys: 4 },
  ),
)
const latin1 = (each: string): Buffer => Buffer.from(each, 'latin1')
const bytes = (each: CanonicalValue): Uint8Array => bytesOfKeyText(keyText(each))
const sign = (n: number): number => Math.sign(n)
const noZero = (each: CanonicalValue): CanonicalValue => (Object.is(each, -0) ? 0 : each)

describe('texts of keys', () => {
  test('come back as the key that they were made of, and are one byte per character', () => {
    fc.assert(
      fc.property(key, (each) => {
        const made = keyText(each)
        expect(canonical(keyOfText(made))).toEqual(canonical(each))
        expect(/^[\0-\xff]*$/.test(made)).toBe(true)
        expect(keyTextOfBytes(bytesOfKeyText(made))).toBe(made)
      }),
      { numRuns: 300 },
    )
  })

  test('are the same exactly for what is the same data', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(keyText(a) === keyText(b)).toBe(Buffer.compare(canonical(a), canonical(b)) === 0)
      }),
      { numRuns: 300 },
    )
    expect(keyText({ a: 1, b: 2 })).toBe(keyText({ b: 2, a: 1 }))
    expect(keyText(-0)).toBe(keyText(0))
    expect(new Set([1, 1n, '1', true, [1], null, 'null', '', [], {}].map(keyText)).size).toBe(10)
  })

  test('order as their bytes do: text by UTF-8, numbers by value', () => {
    const orderOf = (x: string, y: string): number => (x < y ? -1 : x > y ? 1 : 0)
    const isOrder = (a: CanonicalValue, b: CanonicalValue, expected = sign(Buffer.compare(bytes(a), bytes(b)))): void => {
      expect(orderOf(keyText(a), keyText(b))).toBe(expected)
      expect(sign(Buffer.compare(bytes(a), bytes(b)))).toBe(expected)
    }
    const strange = fc.oneof(
      fc.string({ unit: fc.constantFrom('\0', '\x01', 'c', 'n', 't', '\xff', '\u{10ffff}'), maxLength: 3 }),
      fc.constantFrom<CanonicalValue[]>(0, 1n, -1, [], null),
    )
    fc.assert(fc.property(key, key, (a, b) => isOrder(a, b)))
    fc.assert(fc.property(strange, strange, (a, b) => isOrder(a, b)))
    fc.assert(fc.property(text, text, (a, b) => isOrder(a, b, sign(Buffer.compare(Buffer.from(a), Buffer.from(b))))))
    fc.assert(fc.property(number, number, (a, b) => isOrder(a, b, a < b ? -1 : a > b ? 1 : 0)))
  })

  test.each([NaN, undefined, () => 1, Symbol('x'), '\ud800', 'a\udc00b', [undefined], new Date(NaN), new (class A {})()])(
    '%s is no key: refused when written, absent when read',
    (each) => {
      expect(() => keyText(each as never)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_DATUM' }) as Error)
      expect(findKeyText(elementOf<unknown>(undefined), each)).toBeUndefined()
    },
  )

  test('any bytes have a place among them', () => {
    const any = fc.oneof(
      fc.uint8Array({ maxLength: 6 }),
      fc.string({ unit: fc.constantFrom('\0', 'c', 'n', 's', 't', 'u', '\xff'), maxLength: 4 }).map(latin1),
    )
    fc.assert(
      fc.property(any, fc.oneof(key, text), (from, each) => {
        expect(keyText(each) < keyTextOfBytes(from)).toBe(Buffer.compare(bytes(each), from) < 0)
      }),
      { numRuns: 1_000 },
    )
  })

  test.each([
    '',
    'z',
    'n',
    'n1234567',
    'n123456789',
    'n\xff\xff\xff\xff\xff\xff\xff\xff',
    'c',
    'c\xff',
    'c\x01\x01',
    't\xff',
    'ta\xc0\x80',
    't\0\xe2\x82',
  ])('%j are the bytes of no key', (each) => {
    expect(() => keyOfText(keyTextOfBytes(latin1(each)))).toThrow(expect.objectContaining({ name: 'MosaikError' }) as Error)
  })
})

describe('texts of priorities', () => {
  const utf8 = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
  const behind = fc.constantFrom('', 't', '\0t', '\0n\xff', '\0c\xff\xff', '\x01', '\xf4\x8f\xbf\xbf')

  test.each<[string, fc.Arbitrary<number | bigint | string>, (a: never, b: never) => number]>([
    ['numbers', number, (a: number, b: number) => (a < b ? -1 : a > b ? 1 : 0)],
    ['bigints', bigint, (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0)],
    ['texts', text, utf8],
  ])('%s order as they do, whatever comes behind', (_, arbitrary, compare) => {
    fc.assert(
      fc.property(arbitrary, arbitrary, behind, behind, (a, b, x, y) => {
        const order = sign(compare(a as never, b as never))
        const [p, q] = [priorityText(a) + x, priorityText(b) + y]
        if (order !== 0) expect(p < q ? -1 : 1).toBe(order)
        expect(p < afterPriority(b)).toBe(order <= 0)
        expect(q >= priorityText(b)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test.each([NaN, null, undefined, {}, true, '\ud800', 2n ** 512n])('%s has no order', (each) => {
    expect(() => priorityText(each)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_DATUM' }) as Error)
  })

  test('the text of a value is its own, in these tests', () => {
    expect(textOf(noZero(-0))).toBe('number 0')
    expect(textOf({ a: 1, b: [new Date(1)] })).toBe('{"a":number 1,"b":[date 1]}')
  })
})
