import { cbor } from '@mosaik/core'
import { describe, expect, it } from 'vitest'
import { checkInstruction } from '../src/market/check-instruction.ts'
import { commandCodec } from '../src/market/command-codec.ts'
import type { Instruction } from '../src/market/types.ts'

const ORDER = { type: 'order', trader: 'ann', sequence: 3, pair: 'A/B', side: 'sell', price: 7, quantity: 8 } as const
const CANCEL = { type: 'cancel', trader: 'ann', sequence: 4, order: 3 } as const

describe('an instruction', () => {
  it('may be an order or a cancel', () => {
    expect([checkInstruction(ORDER), checkInstruction(CANCEL)]).toEqual([ORDER, CANCEL])
    expect(() => checkInstruction({ ...ORDER, sequence: 1, price: Number.MAX_SAFE_INTEGER, trader: 'x'.repeat(64) })).not.toThrow()
  })

  it.each([
    [null, 'an instruction is null; it must be an object'],
    ['buy', 'an instruction is "buy"'],
    [{ ...ORDER, trader: undefined }, 'trader is missing; it must be 1 to 64 letters, digits and . _ : @ / -'],
    [{ ...ORDER, trader: 'a b' }, 'trader is "a b"'],
    [{ ...ORDER, trader: 'x'.repeat(65) }, 'trader is "xxx'],
    [{ ...ORDER, sequence: 0 }, 'sequence is 0; it must be a whole number from 1 to 9007199254740991'],
    [{ ...ORDER, type: 'market' }, `type is "market"; it must be 'order' or 'cancel'`],
    [{ ...ORDER, pair: '' }, 'pair is ""'],
    [{ ...ORDER, side: 'both' }, `side is "both"; it must be 'buy' or 'sell'`],
    [{ ...ORDER, price: 1.5 }, 'price is 1.5'],
    [{ ...ORDER, price: '7' }, 'price is "7"'],
    [{ ...ORDER, quantity: 2 ** 53 }, 'quantity is 9007199254740992'],
    [{ ...ORDER, quantity: -1 }, 'quantity is -1'],
    [{ ...CANCEL, order: undefined }, 'order is missing'],
    [{ ...CANCEL, order: 4 }, 'order is 4; it must be the sequence of an earlier order'],
  ])('%j is none', (value, message) => {
    expect(() => checkInstruction(value)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ORDER', message: expect.stringContaining(message) }),
    )
  })
})

describe('a command', () => {
  const codec = commandCodec(3)

  it('comes out as it went in', () => {
    const command: Instruction[] = [ORDER, CANCEL, { ...ORDER, side: 'buy', price: Number.MAX_SAFE_INTEGER }]
    expect(codec.decode(codec.encode(command))).toEqual(command)
    expect(codec.encode(command).length).toBeLessThan(60)
  })

  it('is refused before it is sent', () => {
    expect(() => codec.encode([{ ...ORDER, price: 0 }])).toThrow('price is 0')
    expect(() => codec.encode([CANCEL, CANCEL, CANCEL, CANCEL])).toThrow('4 instructions in one command; 3 are allowed')
  })

  it.each([
    ['no CBOR', Uint8Array.of(0xff, 1), 'CBOR'],
    ['no list', 'orders', 'a command is a list'],
    ['too many', [1, 2, 3, 4], '4 instructions'],
    ['no instruction', [7], 'an instruction is a list'],
    ['a length that none has', [['ann', 1]], '3 fields, or 6'],
    ['no side', [['ann', 3, 'A/B', 'sell', 7, 8]], '3 fields, or 6 with a side'],
    ['a price that is none', [['ann', 3, 'A/B', true, 7.5, 8]], 'price is 7.5'],
  ])('of somebody else that is none is told so: %s', (_, sent, why) => {
    const bytes = sent instanceof Uint8Array ? sent : cbor<unknown>().encode(sent)
    expect(codec.decode(bytes)).toEqual({ refused: expect.stringContaining(why) })
  })
})
