import { canonical } from '@mosaik/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileCriteria } from '../src/logic/criteria.ts'
import { readWhere, resolveWhere } from '../src/where.ts'

/** As a producer sees it, after a trip over the wire. */
function matches(where: unknown, datum: unknown): boolean {
  const resolved = resolveWhere(where)
  return resolved === undefined || (readWhere(resolved.bytes)?.(datum) ?? true)
}

describe('criteria', () => {
  test.for<[unknown, unknown, boolean]>([
    [{ a: 1 }, { a: 1 }, true],
    [{ a: 1 }, { a: 2 }, false],
    [{ a: 1 }, {}, false],
    [{ a: null }, { a: null }, true],
    [{ a: null }, {}, false],
    [{ a: true, b: 'x' }, { a: true, b: 'x', c: 3 }, true],
    [{ a: { gt: 1 } }, { a: 1 }, false],
    [{ a: { gt: 1 } }, { a: 1.5 }, true],
    [{ a: { gte: 1, lte: 1 } }, { a: 1 }, true],
    [{ a: { lt: 'm' } }, { a: 'b' }, true],
    [{ a: { lt: 'm' } }, { a: 1 }, false],
    [{ a: { lt: 5 } }, { a: '1' }, false],
    [{ a: { lt: 5 } }, { a: null }, false],
    [{ a: { lt: 5 } }, { a: Number.NaN }, false],
    [{ a: { gte: 5n } }, { a: 5 }, true],
    [{ a: 5 }, { a: 5n }, true],
    [{ a: 2n ** 70n }, { a: 2n ** 70n }, true],
    [{ a: { in: [1, 'x', null] } }, { a: 'x' }, true],
    [{ a: { in: [1, 'x', null] } }, { a: null }, true],
    [{ a: { in: [1, 'x', null] } }, { a: 2 }, false],
    [{ a: { in: [] } }, { a: 2 }, false],
    [{ a: { in: ['bid', 'ask'], gt: 'b' } }, { a: 'ask' }, false],
    [{ a: [1, [2]] }, { a: [1, [2]] }, true],
    [{ a: [1, [2]] }, { a: [1, [3]] }, false],
    [{ a: { b: { c: 1 } } }, { a: { b: { c: 1 } } }, true],
    [{ a: { b: { c: 1 } } }, { a: { b: { c: 1, d: 2 } } }, false],
    [{ a: {} }, { a: {} }, true],
    [{ a: {} }, { a: { b: 1 } }, false],
    [{ a: { gt: 1, b: 2 } }, { a: { gt: 1, b: 2 } }, true], // not only operators: a value
    [{ a: Uint8Array.of(1, 2) }, { a: Uint8Array.of(1, 2) }, true],
    [{ a: Uint8Array.of(1, 2) }, { a: Uint8Array.of(1, 3) }, false],
    [{ a: Uint8Array.of(1, 2) }, { a: [1, 2] }, false],
    [{ a: undefined, b: { gt: undefined, lt: 5 } }, { b: 1 }, true],
    [{}, 5, true],
    [{ a: 1 }, 5, false],
    [{ a: 1 }, null, false],
    [{ length: 2 }, ['x', 'y'], true],
  ])('by the rules (%#)', ([where, datum, expected]) => {
    expect(matches(where, datum)).toBe(expected)
  })

  test('agree with a plain reading of the rules', () => {
    const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom('a', 'b', 'c'), fc.boolean(), fc.constant(null))
    const bound = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom('a', 'b', 'c'))
    const rule = fc.oneof(
      value,
      fc
        .record({ gt: bound, gte: bound, lt: bound, lte: bound, in: fc.array(value, { maxLength: 4 }) }, { requiredKeys: [] })
        .filter((r) => Object.keys(r).length > 0),
    )
    const dumb = (where: Record<string, unknown>, datum: Record<string, unknown>): boolean =>
      Object.entries(where).every(([field, r]) => {
        const v = datum[field]
        if (typeof r !== 'object' || r === null) return v === r
        return Object.entries(r).every(([op, b]) => {
          if (op === 'in') return (b as unknown[]).includes(v)
          if (typeof v !== typeof b || typeof v === 'boolean') return false
          return op === 'gt' ? v! > b : op === 'gte' ? v! >= b : op === 'lt' ? v! < b : v! <= b
        })
      })
    const fields = fc.constantFrom('x', 'y', 'z')
    fc.assert(
      fc.property(fc.dictionary(fields, rule), fc.dictionary(fields, value), (where, datum) => {
        expect(matches(where, datum)).toBe(dumb(where, datum))
      }),
      { numRuns: 2000 },
    )
  })

  test('equal ones have one key, however written', () => {
    expect(resolveWhere({ a: { gt: 1, lt: 2 }, b: 3 })?.key).toBe(resolveWhere({ b: 3, a: { lt: 2, gt: 1 } })?.key)
    expect(resolveWhere({ a: 1 })?.key).not.toBe(resolveWhere({ a: '1' })?.key)
    expect(resolveWhere({})).toBeUndefined()
    expect(resolveWhere(undefined)).toBeUndefined()
  })

  test.for<unknown>([
    5,
    'x',
    null,
    [],
    { a: { gt: true } },
    { a: { in: 5 } },
    { a: { gt: {} } },
    { a: () => 1 },
    { a: Symbol('x') },
    { a: new Set([1]) },
    { a: new Map([[1, 2]]) },
    { a: { in: Array.from({ length: 257 }, (_, i) => i) } },
    Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`f${i}`, 1])),
    { a: [[[[[[[[[[[[1]]]]]]]]]]]] },
    { a: 'x'.repeat(17_000) },
    { a: Array.from({ length: 1100 }, () => 1) },
  ])('what cannot be evaluated is refused with the option’s name (%#)', (where) => {
    expect(() => resolveWhere(where)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining('where') }),
    )
  })

  test('hostile ones are refused on arrival, or harmless', () => {
    const evil = JSON.parse('{"constructor": {"gt": 1}, "toString": 5, "hasOwnProperty": {"in": [1]}}') as Record<string, unknown>
    expect(compileCriteria(evil)({ a: 1 })).toBe(false)
    expect(() => readWhere(canonical(new Map([[1, 2]])))).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL' }))
    const throwing = Object.defineProperty({}, 'a', {
      get: () => {
        throw new Error('no')
      },
    })
    expect(compileCriteria({ a: 1 })(throwing)).toBe(false)
    const cyclic: Record<string, unknown> = { b: 1 }
    cyclic['a'] = cyclic
    expect(compileCriteria({ a: { b: 1, a: { b: 1 } } })(cyclic)).toBe(false)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readWhere(bytes)?.({ a: 1, b: 'x' })
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_PROTOCOL' })
        }
      }),
      { numRuns: 2000 },
    )
  })
})
