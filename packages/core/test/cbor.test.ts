import { canonical, cbor, compareBytes, MosaikError } from '@mosaik/core'
import { Encoder } from 'cbor-x'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { caught } from './support/caught.ts'

const codec = cbor<unknown>()
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const refused = (bytes: Uint8Array): MosaikError => {
  const error = caught(() => codec.decode(bytes))
  expect(error.code).toBe('ERR_INVALID_DATUM')
  expect(error.datum).toBe(bytes)
  return error
}

describe('round trip', () => {
  test.each([
    [null], [true], [0], [-1], [1.5], [2 ** 53], [-(2 ** 40)], [Date.now()], [1n], [-5n], [2n ** 64n], [2n ** 511n], ['hé'], [''], ['𐅑'.repeat(100)], [new Uint8Array([1, 2])],
    [[1, [2, { a: null }]]], [{ a: { b: [] } }], [new Map<unknown, unknown>([[1, { b: 2 }], ['x', []]])], [new Set(['x', 1])], [new Date(1_700_000_000_123)], [new Float64Array([1.5, -2])],
    [{ constructor: 1, toString: 2 }], [NaN], [Infinity], [{ u: undefined }],
  ])('example %#', (value) => expect(codec.decode(codec.encode(value))).toEqual(value)) // prettier-ignore

  test('plain data of any shape', () => {
    const data = fc.anything({
      key: fc.string().filter((k) => !k.startsWith('__proto_')),
      maxDepth: 4,
      withBigInt: true,
      withDate: false,
      withMap: true,
      withSet: true,
      withNullPrototype: false,
    })
    fc.assert(
      fc.property(data, (value) => {
        expect(normal(codec.decode(codec.encode(value)))).toEqual(normal(value))
      }),
      { numRuns: 500 },
    )
  })

  test('an object of 70 000 keys', () => {
    const value = Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i]))
    expect(codec.decode(codec.encode(value))).toEqual(value)
  })

  test('a Buffer and a Uint8Array are the same bytes, and come back plain whatever the frame is', () => {
    expect(hex(codec.encode(Buffer.from('ab')))).toBe(hex(codec.encode(Uint8Array.from(Buffer.from('ab')))))
    const [bytes] = codec.decode(Buffer.from(codec.encode([Buffer.from('ab')]))) as [Uint8Array]
    expect(bytes.constructor).toBe(Uint8Array)
  })
})

describe('memory', () => {
  test('what is encoded is a plain array that keeps at most 8 KiB alive, and stays as it is', () => {
    const sizes = [0, 1, 100, 2000, 6000, 7000, 8185, 8200, 100_000, 1_000_000]
    const all = [...sizes, ...sizes.toReversed(), ...sizes].map((size) => ({
      size,
      bytes: codec.encode(new Uint8Array(size).fill(size & 0xff)),
    }))
    for (const { size, bytes } of all) {
      expect(bytes.constructor).toBe(Uint8Array)
      expect(bytes.buffer.byteLength).toBeLessThanOrEqual(Math.max(8192, bytes.length))
      expect(compareBytes(codec.decode(bytes) as Uint8Array, new Uint8Array(size).fill(size & 0xff))).toBe(0)
    }
  })

  test('what is decoded does not change with the frame, nor the frame with it', () => {
    const frame = codec.encode({ b: new Uint8Array([1, 2, 3]) })
    const before = frame.slice()
    const value = codec.decode(frame) as { b: Uint8Array }
    expect(Object.keys(frame)).toHaveLength(frame.length)
    expect(frame).toEqual(before)
    frame.fill(0)
    expect(value.b).toEqual(new Uint8Array([1, 2, 3]))
    expect(value.b.buffer.byteLength).toBe(3)
  })
})

describe('what cannot be written', () => {
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  const deep = (depth: number): unknown => (depth === 0 ? 1 : [deep(depth - 1)])
  test.each([[() => 1], [Symbol('x')], [/x/], [new Error('x')], [cycle], [2n ** 513n], [deep(65)], [{ a: [() => 1] }]])(
    'example %#',
    (value) => {
      const error = caught(() => codec.encode(value))
      expect(error.code).toBe('ERR_INVALID_DATUM')
      expect(error.datum).toBe(value)
      expect(hex(codec.encode([1]))).toBe('8101') // nothing is left over
    },
  )
  test('64 levels are fine', () => expect(codec.decode(codec.encode(deep(64)))).toEqual(deep(64)))
  test('encoding inside of encoding is refused, not mixed up', () => {
    const value = { before: 1, get inner() { return codec.encode('x'.repeat(20_000)) }, after: 2 } // prettier-ignore
    expect(caught(() => codec.encode(value)).message).toContain('encodes another value')
    expect(codec.decode(codec.encode({ ok: 1 }))).toEqual({ ok: 1 })
  })
})

describe('hostile bytes', () => {
  test.each([
    ['', 'ends early'], ['18', 'ends early'], ['82' + '01', 'ends early'], ['0000', 'after the value'], ['9affffffff', 'ends early'], ['bbffffffffffffffff', 'ends early'],
    ['5bffffffffffffffff', 'ends early'], ['1c', 'reserved'], ['ff', 'break'], ['a101ff', 'break'], ['5f4101ff', 'open-ended'], ['bf0101ff', 'open-ended'], ['e0', 'simple'], ['f801', 'simple'],
    ['d81c' + '80', 'tag 28'], ['d81d' + '00', 'tag 29'], ['d81b' + '8240' + '00', 'tag 27'], ['d9dfff' + '83' + '00' + '8161' + '61' + '01', 'tag 57343'], ['d9dff9' + '82' + '00' + '00', 'tag 57337'],
    ['d869' + '80', 'tag 105'], ['d90102' + '05', 'tag 258'], ['d90103' + '80', 'tag 259'], ['d856' + '80', 'tag 86'], ['d854' + '420000', 'tag 84'], ['c0' + '00', 'tag 0'], ['c1' + '60', 'tag 1'], ['c2', 'big integer'], ['c4' + '820101', 'tag 4'], ['c6' + '00', 'tag 6'], ['d833' + '80', 'tag 51'], ['c2' + '80', 'big integer'], ['c2' + '5841' + '01'.repeat(65), 'big integer'],
    ['c2' + '5a0000ffff' + '00', 'big integer'], ['d90103a100'.repeat(33) + '00', 'nested deeper than 64'],
  ])('%s', (text, reason) => expect(refused(bytesOf(text)).message).toContain(reason)) // prettier-ignore

  test('open-ended arrays are read', () => expect(codec.decode(bytesOf('9f01820203ff'))).toEqual([1, [2, 3]]))

  test('a big integer of 200 kB does not stop the world', () => {
    const bytes = new Uint8Array(200_006).fill(255)
    bytes.set([0xc2, 0x5a, 0, 3, 0x0d, 0x40])
    const started = performance.now()
    refused(bytes)
    expect(performance.now() - started).toBeLessThan(100)
  })

  test('depth is judged without recursion', () => {
    expect(refused(new Uint8Array(1_000_000).fill(0x81)).message).toContain('nested deeper')
    expect(refused(new Uint8Array(1_000_000).fill(0x9f)).message).toContain('nested deeper')
  })

  test('one message cannot change how another is read', () => {
    const poison = new Encoder({ structures: [] }).encode([
      { price: 1, side: 'bid' },
      { price: 2, side: 'ask' },
    ])
    refused(Uint8Array.from(poison))
    for (const text of ['d9dfff84695f5f70726f746f5f5f816161' + '0102', 'd9e00001', 'd8e101']) refused(bytesOf(text))
    expect(codec.decode(codec.encode({ price: 1, side: 'bid' }))).toEqual({ price: 1, side: 'bid' })
  })

  test('__proto__ is only a name', () => {
    const value = codec.decode(bytesOf('a1695f5f70726f746f5f5f' + 'a16161' + '01')) as Record<string, unknown>
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(value['a']).toBeUndefined()
    expect(({} as Record<string, unknown>)['a']).toBeUndefined()
  })

  test('random and mutated bytes give a value or ERR_INVALID_DATUM, never anything else', () => {
    const judge = (bytes: Uint8Array): void => {
      try {
        codec.decode(bytes)
      } catch (error) {
        if (!MosaikError.is(error, 'ERR_INVALID_DATUM')) throw error
      }
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), judge), { numRuns: 10_000 })
    const seeds = [
      { id: 7, side: 'bid', price: 12.5 },
      [1n, new Map([[1, 2]]), new Set([1])],
      new Date(5),
      new Float32Array(3),
      { a: [{ b: new Uint8Array(9) }] },
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
        (seed, changes) => {
          const bytes = codec.encode(seed)
          for (const [at, to] of changes) bytes[at % bytes.length] = to
          judge(bytes)
        },
      ),
      { numRuns: 10_000 },
    )
  })

  test('canonical bytes are ordinary CBOR', () => {
    const value = { b: [1.5, 'x', null], a: new Uint8Array(2), m: new Map([[1, true]]), s: new Set([1]), n: 2n ** 70n }
    expect(codec.decode(canonical(value))).toEqual(value)
  })
})

/** What CBOR keeps of a value: -0 is 0, integers of any size are numbers of the same value. */
function normal(value: unknown): unknown {
  if (Object.is(value, -0)) return 0
  if (Array.isArray(value)) return Array.from(value, normal)
  if (value instanceof Map) return new Map(Array.from(value, ([k, v]) => [normal(k), normal(v)]))
  if (value instanceof Set) return new Set(Array.from(value, normal))
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, normal(v)]))
  return value
}
