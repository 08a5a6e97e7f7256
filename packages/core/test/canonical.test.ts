import { canonical, compareBytes, decodeCanonical, MosaikError } from '@mosaik/core'
import type { CanonicalValue } from '@mosaik/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { caught } from './support/caught.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

const key = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((text) => text.isWellFormed() && text !== '__proto__')
const { value: anyValue } = fc.letrec<{ value: CanonicalValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double().map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.float().map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.bigInt({ min: -(2n ** 512n), max: 2n ** 512n - 1n }),
    fc.bigInt({ min: -3n, max: 3n }),
    key,
    fc.uint8Array({ maxLength: 40 }),
    fc.date({ noInvalidDate: true }),
    fc.oneof(fc.int8Array(), fc.uint8ClampedArray(), fc.int16Array(), fc.uint16Array(), fc.int32Array(), fc.uint32Array()),
    fc.oneof(fc.bigInt64Array(), fc.bigUint64Array(), fc.float32Array(), fc.float64Array()),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5 }),
    distinct(fc.array(tie('value'), { maxLength: 5 })).map((items) => new Set(items)),
    fc.tuple(distinct(fc.array(tie('value'), { maxLength: 5 })), tie('value')).map(([keys, v]) => new Map(keys.map((k) => [k, v]))),
  ),
}))
function distinct(items: fc.Arbitrary<CanonicalValue[]>): fc.Arbitrary<CanonicalValue[]> {
  return items.map((all) => [...new Map(all.map((item) => [hex(canonical(item)), item])).values()])
}
// Objects without a prototype and with one are the same data.
const plain = (value: unknown): unknown => structuredClone(value)

describe('canonical', () => {
  // RFC 8949, appendix A, where this profile agrees with it.
  test.each<[CanonicalValue, string]>([
    [0, '00'], [23, '17'], [24, '1818'], [255, '18ff'], [256, '190100'], [65535, '19ffff'], [65536, '1a00010000'], [1000000000000, '1b000000e8d4a51000'],
    [-1, '20'], [-24, '37'], [-25, '3818'], [-1000, '3903e7'], [Number.MAX_SAFE_INTEGER, '1b001fffffffffffff'], [Number.MIN_SAFE_INTEGER, '3b001ffffffffffffe'],
    [18446744073709551615n, '1bffffffffffffffff'], [18446744073709551616n, 'c249010000000000000000'], [-18446744073709551616n, '3bffffffffffffffff'],
    [-18446744073709551617n, 'c349010000000000000000'], [1.1, 'fb3ff199999999999a'], [1.5, 'f93e00'], [5.960464477539063e-8, 'f90001'], [100000.5, 'fa47c35040'],
    [3.4028234663852886e38, 'fa7f7fffff'], [1.0e300, 'fb7e37e43c8800759c'], [Infinity, 'f97c00'], [-Infinity, 'f9fc00'], [NaN, 'f97e00'],
    [false, 'f4'], [true, 'f5'], [null, 'f6'], ['', '60'], ['IETF', '6449455446'], ['ü', '62c3bc'], ['水', '63e6b0b4'], ['𐅑', '64f0908591'],
    [Uint8Array.of(1, 2, 3, 4), '4401020304'], [[], '80'], [[1, [2, 3], [4, 5]], '8301820203820405'], [{ a: 1, b: [2, 3] }, 'a26161016162820203'],
  ])('example %#', (value, expected) => {
    expect(hex(canonical(value))).toBe(expected)
    expect(decodeCanonical(bytesOf(expected))).toEqual(value)
  }) // prettier-ignore

  test.each<[CanonicalValue, string]>([
    [1n, 'c24101'], [0n, 'c240'], [-1n, 'c340'], [-2n, 'c34101'], [9007199254740991n, 'c2471fffffffffffff'], [9007199254740992n, '1b0020000000000000'],
    [-9007199254740991n, 'c3471ffffffffffffe'], [-9007199254740992n, '3b001fffffffffffff'], [2 ** 53, 'fa5a000000'], [-0, '00'],
    [new Date(0), 'c100'], [new Date(1500), 'c1f93e00'], [new Date(-1), 'c1fbbf50624dd2f1a9fc'], [new Date(8.64e15), 'c11b000007dba8218000'],
    [Uint16Array.of(1, 258), 'd8454401000201'], [Float32Array.of(1), 'd855440000803f'], [new Int8Array(0), 'd84840'],
    [new Map([[2, 'b'], [1, 'a']]), 'd90103a2016161026162'], [new Set(['b', 'a']), 'd9010282616161' + '62'],
  ])('this profile, example %#', (value, expected) => expect(hex(canonical(value))).toBe(expected)) // prettier-ignore

  test('a number and a bigint are different data, an object and a Map too', () => {
    expect(canonical(1)).not.toEqual(canonical(1n))
    expect(canonical({ a: 1 })).not.toEqual(canonical(new Map([['a', 1]])))
  })

  test('keys order by their encoded bytes: shorter ones first', () => {
    expect(Object.keys(decodeCanonical(canonical({ bb: 1, c: 2, aaa: 3, ü: 4, é: 5 })) as object)).toEqual(['c', 'bb', 'é', 'ü', 'aaa'])
    expect(
      hex(
        canonical(
          new Map<CanonicalValue, number>([
            ['a', 0],
            [-1, 1],
            [10, 2],
            [100, 3],
            [[100], 4],
            [false, 5],
          ]),
        ),
      ),
    ).toBe('d90103a6' + '0a02' + '186403' + '2001' + '616100' + '81186404' + 'f405') // RFC 8949 §4.2.1
  })

  test('order of insertion never shows', () => {
    fc.assert(
      fc.property(fc.dictionary(key, anyValue, { maxKeys: 8 }), (record) => {
        const reversed = Object.fromEntries(Object.entries(record).reverse())
        expect(canonical(reversed)).toEqual(canonical(record))
        expect(canonical(new Set(Object.keys(record).reverse()))).toEqual(canonical(new Set(Object.keys(record))))
        expect(canonical(new Map(Object.entries(record).reverse()))).toEqual(canonical(new Map(Object.entries(record))))
      }),
    )
  })

  test('comes back as it was', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(plain(decodeCanonical(canonical(value)))).toEqual(plain(value))
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    undefined, () => 1, Symbol('x'), { a: undefined }, [1, undefined], new Date(NaN), /x/, new Float16Array(1), new ArrayBuffer(1), new DataView(new ArrayBuffer(1)), new (class Point {})(), 'a\ud800', { 'a\ud800': 1 },
    2n ** 512n, -(2n ** 512n) - 1n, JSON.parse('{"__proto__":1}'), new Map([[[1], 1], [[1], 2]]), new Set([{}, {}]), new Array(2),
  ])('has no bytes for example %#', (value) => {
    const error = caught(() => canonical(value as CanonicalValue))
    expect(error.code).toBe('ERR_INVALID_DATUM')
    expect(error.datum).toBe(value)
  }) // prettier-ignore

  test('depth is bounded, so cycles are too', () => {
    const nest = (depth: number): CanonicalValue => (depth === 0 ? 1 : [nest(depth - 1)])
    expect(decodeCanonical(canonical(nest(32)))).toEqual(nest(32))
    expect(caught(() => canonical(nest(33))).code).toBe('ERR_INVALID_DATUM')
    const cycle: CanonicalValue[] = []
    cycle.push(cycle)
    expect(caught(() => canonical(cycle)).code).toBe('ERR_INVALID_DATUM')
    expect(hex(canonical([1]))).toBe('8101') // the shared buffer survives the failure
  })

  test('a getter may encode something else', () => {
    const value = { get a() { return hex(canonical([1, 2, 3])) }, b: 1 } // prettier-ignore
    expect(decodeCanonical(canonical(value))).toEqual({ a: '83010203', b: 1 })
  })

  test('answers bytes of its own, also for large values', () => {
    const large = new Uint8Array(200_000).fill(7)
    const first = canonical(large)
    canonical(new Uint8Array(200_000).fill(8))
    expect(first.subarray(5)).toEqual(large)
    expect(canonical('x').buffer.byteLength).toBe(2)
  })
})

describe('decodeCanonical', () => {
  test.each([
    ['1800', 'longer than needed'], ['1817', 'longer than needed'], ['190001', 'longer than needed'], ['1a0000ffff', 'longer than needed'], ['1b00000000ffffffff', 'longer than needed'],
    ['5800', 'longer than needed'], ['7801' + '61', 'longer than needed'], ['9800', 'longer than needed'], ['f93c00', 'as a float'], ['fa3fc00000', 'longer than needed'],
    ['fb3ff8000000000000', 'longer than needed'], ['fa7fc00000', 'longer than needed'], ['fb7ff8000000000000', 'longer than needed'], ['f97e01', 'longer than needed'], ['f98000', 'as a float'],
    ['a2616201616101', 'out of order'], ['a2616101616101', 'out of order'], ['a10101', 'not text'], ['9f01ff', 'open-ended'], ['5f4101ff', 'open-ended'], ['bf616101ff', 'open-ended'],
    ['7f6161ff', 'open-ended'], ['0000', 'after the value'], ['', 'beyond the end'], ['18', 'beyond the end'], ['41', 'beyond the end'], ['81', 'beyond the end'], ['a1', 'beyond the end'],
    ['a16161', 'beyond the end'], ['9affffffff', 'beyond the end'], ['baffffffff', 'beyond the end'], ['5bffffffffffffffff', 'beyond the end'], ['9b00ffffffffffffff', 'beyond the end'],
    ['f7', 'simple value'], ['e0', 'simple value'], ['f8ff', 'simple value'], ['ff', 'simple value'], ['c0' + '60', 'tag 0'], ['c1' + '6130', 'tag 1'], ['c1' + 'fb3f50624dd2f1a9fd', 'tag 1'], ['c1' + '1b000007dba8218001', 'tag 1'], ['c1' + 'f97e00', 'tag 1'], ['c1' + 'c100', 'tag 1'], ['d845' + '4101', 'tag 69'], ['d84c' + '40', 'tag 76'], ['d81b' + '80', 'tag 27'], ['d9dfff' + '80', 'tag 57343'],
    ['c24100', 'leading zeros'], ['c2' + '48' + 'ffffffffffffffff', 'fits 64 bits'], ['c2' + '47' + '20000000000000', 'fits 64 bits'], ['c2' + '01', 'no byte string'], ['c3' + '6161', 'no byte string'],
    ['c25841' + '01'.repeat(65), '64 bytes'], ['62c328', 'UTF-8'], ['61ff', 'UTF-8'], ['63eda080', 'UTF-8'], ['a1695f5f70726f746f5f5f01', '__proto__'], ['d9010282' + '0201', 'out of order'],
    ['d90103a2' + '0100' + '0100', 'out of order'], ['d90102a0', 'tag 258'], ['d9010380', 'tag 259'], ['d90102', 'beyond the end'], ['1c', 'reserved'], ['3f', 'reserved'],
  ])('refuses %s: %s', (text, reason) => {
    const error = caught(() => decodeCanonical(bytesOf(text)))
    expect(error.code).toBe('ERR_PROTOCOL')
    expect(error.message).toContain(reason)
  }) // prettier-ignore

  test('a byte order mark is text like any other', () => expect(decodeCanonical(canonical('\ufeffa'))).toBe('\ufeffa'))

  test('depth is bounded, and can be bounded further', () => {
    expect(caught(() => decodeCanonical(new Uint8Array(100_000).fill(0x81))).message).toContain('nested deeper than 32')
    expect(caught(() => decodeCanonical(canonical([[1]]), { depth: 1 })).message).toContain('nested deeper than 1')
    expect(decodeCanonical(canonical([1]), { depth: 1 })).toEqual([1])
    expect(caught(() => decodeCanonical(bytesOf('d90103a1' + '8101' + '00'), { depth: 1 })).code).toBe('ERR_PROTOCOL')
  })

  test('a huge claimed length costs nothing', () => {
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < 1000; i++) caught(() => decodeCanonical(bytesOf('9a0fffffff00')))
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024)
  })

  test('keys named like parts of Object are only data', () => {
    const value = { constructor: 1, toString: 2, hasOwnProperty: 3, valueOf: { prototype: 4 } }
    const back = decodeCanonical(canonical(value)) as Record<string, unknown>
    expect(back).toEqual(value)
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>)['prototype']).toBeUndefined()
  })

  test('byte strings do not hold on to the message', () => {
    const back = decodeCanonical(canonical([new Uint8Array(3), 'x'.repeat(1000)])) as [Uint8Array, string]
    expect(back[0].buffer.byteLength).toBe(3)
    expect(back[0].constructor).toBe(Uint8Array)
  })

  test('views into a larger buffer are read where they are', () => {
    const framed = Buffer.concat([Buffer.alloc(5), canonical({ a: [1.5, 2n ** 60n, new Uint8Array(2)] }), Buffer.alloc(5)])
    expect(decodeCanonical(framed.subarray(5, framed.length - 5))).toEqual({ a: [1.5, 2n ** 60n, new Uint8Array(2)] })
    const [bytes, floats] = decodeCanonical(Buffer.from(canonical([Uint8Array.of(1), Float32Array.of(1, 2)]))) as [Uint8Array, Float32Array]
    expect([bytes.constructor, bytes.buffer.byteLength]).toEqual([Uint8Array, 1])
    expect([floats, floats.buffer.byteLength]).toEqual([Float32Array.of(1, 2), 8])
  })

  test('whatever is accepted is what canonical writes; the rest is ERR_PROTOCOL', () => {
    const judge = (bytes: Uint8Array): void => {
      let value: CanonicalValue
      try {
        value = decodeCanonical(bytes)
      } catch (error) {
        expect(MosaikError.is(error, 'ERR_PROTOCOL'), String(error)).toBe(true)
        return
      }
      expect(compareBytes(canonical(value), bytes)).toBe(0)
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), judge), { numRuns: 5000 })
    const mutation = fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }), cut: fc.nat({ max: 3 }), repeat: fc.nat({ max: 2 }) })
    fc.assert(
      fc.property(anyValue, mutation, (value, { at, to, cut, repeat }) => {
        const bytes = canonical(value)
        const changed = Uint8Array.from([...bytes.subarray(0, bytes.length - cut), ...bytes.subarray(0, repeat)])
        if (changed.length > 0) changed[at % changed.length] = to
        judge(changed)
      }),
      { numRuns: 3000 },
    )
  })
})
