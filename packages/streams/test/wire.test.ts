import { uniqueId } from '@mosaik/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeCredit,
  decodeNotice,
  decodeStart,
  decodeSubscribe,
  encodeCredit,
  encodeNotice,
  encodeStart,
  encodeSubscribe,
} from '../src/wire/messages.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('messages', () => {
  test('come back as they were', () => {
    const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => uniqueId(hex(bytes)))
    const credit = fc.record({ items: fc.nat(2 ** 20), bytes: fc.nat(2 ** 25) })
    fc.assert(
      fc.property(
        fc.record({ proof: id, stream: id, version: fc.maxSafeNat(), credit, criteria: fc.uint8Array({ maxLength: 300 }) }),
        (message) => {
          expect(decodeSubscribe(encodeSubscribe(message))).toEqual(message)
          expect(decodeCredit(encodeCredit(message.credit))).toEqual(message.credit)
          expect(decodeNotice(encodeNotice(message.version))).toBe(message.version)
        },
      ),
    )
    for (const lagging of ['disconnect', 'drop', 'wait'] as const) expect(decodeStart(encodeStart(lagging))).toBe(lagging)
  })

  test('made of anything else throw ERR_PROTOCOL and nothing but that', () => {
    const good = encodeSubscribe({
      proof: uniqueId('p'),
      stream: uniqueId('s'),
      version: 1,
      credit: { items: 1, bytes: 1 },
      criteria: new Uint8Array(0),
    })
    const mutated = fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, byte]) => good.map((old, i) => (i === at ? byte : old)))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 120 }), mutated), (bytes) => {
        for (const decode of [decodeSubscribe, decodeStart, decodeCredit, decodeNotice]) {
          try {
            decode(bytes)
          } catch (error) {
            expect(error).toMatchObject({ code: 'ERR_PROTOCOL' })
          }
        }
      }),
      { numRuns: 3000 },
    )
    for (const bytes of [encodeCredit({ items: 2 ** 20 + 1, bytes: 1 }), encodeCredit({ items: 1, bytes: 2 ** 25 + 1 })]) {
      expect(() => decodeCredit(bytes)).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL' }))
    }
    expect(() => decodeSubscribe(new Uint8Array(20_000).fill(1))).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL' }))
    expect(() => decodeStart(Uint8Array.of(2, 3))).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL' }))
  })
})
