import { cbor, datumCodec } from '@mosaik/core'
import type { Codec, Datum, StandardSchemaV1 } from '@mosaik/core'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { caught } from './support/caught.ts'

const Order = z.object({ id: z.number().int(), side: z.enum(['bid', 'ask']), legs: z.array(z.object({ price: z.number().positive() })) })
type Order = z.infer<typeof Order>
const order: Order = { id: 1, side: 'bid', legs: [{ price: 2.5 }] }

describe('a schema', () => {
  const codec = datumCodec(Order)

  test('gives its output type', () => {
    expectTypeOf(codec).toEqualTypeOf<Codec<Order>>()
    expectTypeOf(Order).toExtend<Datum<Order>>()
    expectTypeOf(cbor<Order>()).toExtend<Datum<Order>>()
    // @ts-expect-error another type's schema
    const wrong: Datum<string> = Order
    expect(wrong).toBe(Order)
  })

  test('lets through what fits, in both directions', () => expect(codec.decode(codec.encode(order))).toEqual(order))

  test('refuses the rest before it is sent, naming the paths', () => {
    const bad = { ...order, side: 'buy', legs: [{ price: 1 }, { price: -1 }] } as unknown as Order
    const error = caught(() => codec.encode(bad))
    expect(error.code).toBe('ERR_INVALID_DATUM')
    expect(error.datum).toBe(bad)
    expect(error.message).toMatch(/side: .*legs\[1\]\.price: /)
  })

  test('refuses the rest when it arrives, with what arrived', () => {
    const error = caught(() => codec.decode(cbor().encode({ id: 'x' })))
    expect(error.code).toBe('ERR_INVALID_DATUM')
    expect(error.datum).toEqual({ id: 'x' })
    const garbage = Uint8Array.of(0xff)
    expect(caught(() => codec.decode(garbage)).datum).toBe(garbage)
  })

  test('sends the value given and answers the value made of it', () => {
    const trimmed = datumCodec(z.string().trim())
    expect(cbor().decode(trimmed.encode(' a '))).toBe(' a ')
    expect(trimmed.decode(trimmed.encode(' a '))).toBe('a')
  })

  test('of many issues names the first few', () => {
    const error = caught(() => datumCodec(z.array(z.number())).encode(Array.from({ length: 20 }, String) as never))
    expect(error.message).toContain('and 15 more')
  })

  test('that answers with a Promise is refused then, and its rejection is not left alone', async () => {
    const later = (promise: () => Promise<{ value: number }>): StandardSchemaV1<unknown, number> => ({
      '~standard': { version: 1, vendor: 'test', validate: promise },
    })
    expect(caught(() => datumCodec(later(async () => ({ value: 1 }))).encode(1)).code).toBe('ERR_INVALID_OPTION')
    const failing = datumCodec(later(() => Promise.reject(new Error('later'))))
    expect(caught(() => failing.decode(cbor().encode(1))).message).toContain('test schema validates asynchronously')
    await new Promise(setImmediate)
    expect(caught(() => datumCodec(z.string().refine(async () => true)).encode('x')).code).toMatch(/ERR_INVALID_OPTION|ERR_INVALID_DATUM/)
  })

  test('may be a function, and may throw', () => {
    const schema = Object.assign(() => {}, {
      '~standard': { version: 1 as const, vendor: 'test', validate: (): never => { throw new RangeError('boom') } }, // prettier-ignore
    })
    const error = caught(() => datumCodec(schema).encode(1))
    expect(error.message).toContain('boom')
    expect(error.cause).toBeInstanceOf(RangeError)
  })
})

describe('a codec', () => {
  const text: Codec<string> = {
    encode: (value) => new TextEncoder().encode(value),
    decode: (bytes) => new TextDecoder('utf-8', { fatal: true }).decode(bytes),
  }

  test('is used as it is', () => {
    expect(datumCodec(text).encode('a')).toEqual(Uint8Array.of(97))
    expect(datumCodec(text).decode(Uint8Array.of(97))).toBe('a')
  })

  test('has its errors made uniform', () => {
    const garbage = Uint8Array.of(0xff)
    const error = caught(() => datumCodec(text).decode(garbage))
    expect(error.code).toBe('ERR_INVALID_DATUM')
    expect(error.datum).toBe(garbage)
    expect(error.cause).toBeInstanceOf(TypeError)
    const broken = { encode: () => { throw new Error('no') }, decode: () => 1 } // prettier-ignore
    expect(caught(() => datumCodec(broken).encode(5)).datum).toBe(5)
  })

  test('keeps its receiver', () => {
    class Shift {
      readonly by = 1
      encode(value: number): Uint8Array {
        return Uint8Array.of(value + this.by)
      }
      decode(bytes: Uint8Array): number {
        return (bytes[0] as number) - this.by
      }
    }
    const codec = datumCodec(new Shift())
    expect(codec.decode(codec.encode(4))).toBe(4)
  })

  test('must answer bytes', () => {
    expect(caught(() => datumCodec({ encode: () => 'text' as never, decode: () => 1 }).encode(1)).code).toBe('ERR_INVALID_DATUM')
  })
})

test('nothing is CBOR, unchecked', () => {
  const codec = datumCodec<Order>()
  expect(codec.decode(codec.encode(order))).toEqual(order)
})

test('anything else is no datum type', () => {
  for (const datum of [1, 'string', {}, { encode: () => new Uint8Array() }, null]) {
    expect(caught(() => datumCodec(datum as never)).code).toBe('ERR_INVALID_OPTION')
  }
})
