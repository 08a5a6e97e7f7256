import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cbor } from '@mosaik/core'
import { decodeCbor, encodeCbor } from '../src/codec/cbor-vendor.ts'
import { decodePlain, OTHER } from '../src/codec/plain-decode.ts'
import { encodePlain } from '../src/codec/plain-encode.ts'
import { scanCbor } from '../src/codec/scan.ts'

const anyNumber = fc.oneof(
  fc.integer(),
  fc.integer({ min: -(2 ** 33), max: 2 ** 33 }),
  fc.double(),
  fc.constantFrom(23, 24, 255, 256, 65_535, 65_536),
)
const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 600 }),
  fc.constantFrom('é', 'constructor', '€'.repeat(11), '€'.repeat(90)),
)
const plain = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(anyNumber, anyText, fc.boolean(), fc.constantFrom(null, undefined), fc.uint8Array({ maxLength: 300 })),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(
      anyText.filter((name) => name !== '__proto__'),
      tie('value'),
      { maxKeys: 6, noNullPrototype: true },
    ),
  ),
})).value
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex')
/** What the general way makes of these bytes. */
const general = (bytes: Uint8Array): unknown => (scanCbor(bytes, { depth: 64 }) === undefined ? decodeCbor(bytes) : OTHER)

describe('the fast path', () => {
  test('writes what cbor-x writes, and reads what cbor-x reads (property)', () => {
    fc.assert(
      fc.property(plain, (value) => {
        const bytes = encodePlain(value)
        expect(hex(bytes)).toBe(hex(encodeCbor(value)))
        expect(decodePlain(bytes as Uint8Array)).toEqual(decodeCbor(bytes as Uint8Array))
      }),
      { numRuns: 2000 },
    )
  })

  test('takes no bytes that the general way refuses, and no mutation of good ones for something else (property)', () => {
    const judge = (bytes: Uint8Array): void => {
      const value = decodePlain(bytes)
      if (value !== OTHER) expect(value).toEqual(general(bytes))
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), judge), { numRuns: 20_000 })
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(plain, fc.array(change, { minLength: 1, maxLength: 3 }), (value, changes) => {
        const bytes = Uint8Array.from(encodePlain(value) ?? [])
        for (const [at, to] of changes) if (bytes.length > 0) bytes[at % bytes.length] = to
        // Text that is no UTF-8 is replaced in one way here and in another there.
        if (!hex(bytes).match(/[89a-f]./)) judge(bytes)
        else if (decodePlain(bytes) !== OTHER) expect(general(bytes)).not.toBe(OTHER)
      }),
      { numRuns: 5000 },
    )
  })

  test.each([[1n], [new Date(0)], [new Map()], [new Set()], [new Float32Array(1)], [() => 1], [Symbol('x')], [/x/], [new (class Mine {})()], [[1, [2n]]], [{ a: { toJSON: () => 1 } }]])(
    'leaves what is not plain to others: %#', (value) => expect(encodePlain(value)).toBeUndefined()) // prettier-ignore

  test.each([['f93c00'], ['fa3fc00000'], ['1b0000000000000001'], ['c249010000000000000000'], ['9f01ff'], ['a10102'], ['a1695f5f70726f746f5f5f01'], ['d90102' + '80'], ['81'.repeat(65) + '01']])(
    'and these bytes: %s', (text) => expect(decodePlain(Uint8Array.from(Buffer.from(text, 'hex')))).toBe(OTHER)) // prettier-ignore

  test('64 levels, and blocks that end in the middle of a value', () => {
    const deep = (depth: number): unknown => (depth === 0 ? 1 : depth % 2 === 0 ? [deep(depth - 1)] : { d: deep(depth - 1) })
    expect(decodePlain(encodePlain(deep(64)) as Uint8Array)).toEqual(deep(64))
    expect(encodePlain(deep(65))).toBeUndefined()
    const codec = cbor<unknown>()
    const values = Array.from({ length: 300 }, (_, i) => ({
      i,
      note: '✓x'.repeat((i * 37) % 700),
      bytes: new Uint8Array((i * 101) % 5000).fill(i),
    }))
    const encoded = values.map((value) => codec.encode(value))
    expect(encoded.map((bytes) => codec.decode(bytes))).toEqual(values)
  })

  test('a getter that throws leaves nothing behind', () => {
    const fault = new Error('mine')
    const value = { a: 1, get b() { throw fault } } // prettier-ignore
    expect(() => encodePlain(value)).toThrow(fault)
    expect(hex(encodePlain([1]))).toBe('8101')
  })

  test('names and short values are looked up, never mixed up', () => {
    const names = Array.from({ length: 5000 }, (_, i) => `k${i.toString(36)}`)
    const bytes = names.map((name) => Uint8Array.from(encodePlain({ [name]: name }) as Uint8Array))
    for (const round of [1, 2])
      expect(
        bytes.map((one) => decodePlain(one)),
        `${round}`,
      ).toEqual(names.map((name) => ({ [name]: name })))
    expect(decodePlain(Uint8Array.of(0x62, 0xc3, 0xa9))).toBe('é')
    expect(decodePlain(Uint8Array.of(0x61, 0xe9))).toBe('\ufffd')
  })
})
