import { canonical } from '@mosaik/core'
import type { CanonicalValue, Codec } from '@mosaik/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { cellMachine, mapMachine, onceMachine, priorityQueueMachine, setMachine, vecMachine } from '../../src/machines/index.ts'
import type { CollectionMachine } from '../../src/machines/index.ts'
import { hexOf, id, Replica } from './kit.ts'

const machines: Readonly<Record<string, () => CollectionMachine<unknown>>> = {
  map: () => mapMachine({ id }),
  'map of numbers': () => mapMachine({ id }, { key: z.string(), value: z.number() }),
  set: () => setMachine({ id }),
  vec: () => vecMachine({ id }),
  cell: () => cellMachine({ id }),
  once: () => onceMachine({ id }),
  queue: () => priorityQueueMachine({ id, capacity: 3 }),
}
/** Whose schemas take nothing that comes. */
const STRICT: Readonly<Record<string, () => CollectionMachine<unknown>>> = {
  map: () => mapMachine({ id }, { key: z.never(), value: z.never() }),
  'map of numbers': () => mapMachine({ id }, { key: z.never(), value: z.never() }),
  set: () => setMachine({ id }, z.never()),
  vec: () => vecMachine({ id }, z.never()),
  cell: () => cellMachine({ id }, z.never()),
  once: () => onceMachine({ id }, z.never()),
  queue: () => priorityQueueMachine({ id, capacity: 3 }, { priority: z.never(), key: z.never(), value: z.never() }),
}
const FIRST: Readonly<Record<string, readonly [string, ...unknown[]]>> = {
  map: ['insert', 'a', 1],
  'map of numbers': ['insert', 'a', 1],
  set: ['insert', 'a'],
  vec: ['pushBack', 'a'],
  cell: ['write', 1],
  once: ['write', 1],
  queue: ['insert', 1, 'a', 1],
}
const METHODS = ['insert', 'extend', 'remove', 'removeMany', 'compareExchange', 'clear', 'write', 'pushBack', 'set', 'swap', 'truncate', 'removeRange', 'updatePriority', 'toString', '', '__proto__'] // prettier-ignore
const data: fc.Arbitrary<CanonicalValue> = fc.oneof(
  fc.constantFrom<CanonicalValue[]>(
    null,
    NaN,
    1,
    -1,
    1n,
    'a',
    [],
    [[]],
    [1, 2],
    [['a', 1]],
    [['a', 1, 2, 3]],
    {},
    new Uint8Array(),
    new Date(1),
  ),
  fc.array(fc.constantFrom<CanonicalValue[]>('a', 1, NaN, [1], ['a', 1]), { maxLength: 4 }),
)

describe.each(Object.keys(machines))('%s', (kind) => {
  const create = machines[kind] as () => CollectionMachine<unknown>

  /**
   * What is not refused must be a command like any other: it has a result, and the state after it goes through a snapshot. What comes of it
   * is the same whatever the schemas.
   */
  function deliver(bytes: Uint8Array): void {
    const [replica, strict] = [new Replica(create()), new Replica((STRICT[kind] as () => CollectionMachine<unknown>)())]
    const first = replica.encode(...(FIRST[kind] as [string]))
    for (const each of [replica, strict]) each.deliver(first)
    const [before, told] = [hexOf(replica.items()), replica.writes.length]
    const reply = replica.deliver(bytes)
    expect(strict.deliver(bytes)).toEqual(reply)
    expect(hexOf(strict.items())).toEqual(hexOf(replica.items()))
    if ('refused' in reply) {
      expect(hexOf(replica.items())).toEqual(before)
      expect(replica.writes).toHaveLength(told)
      return
    }
    const other = new Replica(create())
    other.install(replica.items())
    expect(hexOf(other.items())).toEqual(hexOf(replica.items()))
    expect(other.dropped).toBe(0)
  }

  test('what is no command is refused and changes nothing, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 30 }), deliver), { numRuns: 300 })
    fc.assert(fc.property(fc.constantFrom(...METHODS), fc.array(data, { maxLength: 4 }), (method, args) => deliver(canonical([method, ...args]))), { numRuns: 300 }) // prettier-ignore
  })

  test('a command with a byte changed is refused, or is another one', () => {
    const bytes = new Replica(create()).encode(...(FIRST[kind] as [string]))
    for (let i = 0; i < bytes.length; i++) {
      for (const change of [1, 0x20, 0x80, 0xff]) deliver(bytes.with(i, (bytes[i] as number) ^ change))
      deliver(bytes.slice(0, i))
    }
  })

  test('items that are none are left out and counted, and the others are there', () => {
    const replica = new Replica(create())
    const junk = [[0xff], [0x7a, 1], [0x6e], [0x63, 0xff]].map((key) => [Uint8Array.from(key), Uint8Array.of(0xff)] as const)
    replica.install(junk)
    expect(replica.dropped).toBe(junk.length)
    expect(replica.items()).toEqual([])
    replica.write(...(FIRST[kind] as [string]))
    const items = replica.items()
    replica.install([...items, ...junk])
    expect(hexOf(replica.items())).toEqual(hexOf(items))
  })

  test.each([undefined, () => 1, Symbol('x'), { a: undefined }, '\ud800', new (class Point {})(), 2n ** 600n])(
    '%s is no value, and nothing is sent',
    (value) => {
      const { method, args } = { method: FIRST[kind]?.[0] as string, args: FIRST[kind]?.slice(1) as unknown[] }
      const replica = new Replica(create())
      expect(() => replica.encode(method, ...args.with(-1, value))).toThrow(expect.objectContaining({ code: 'ERR_INVALID_DATUM' }) as Error)
    },
  )
})

test('NaN is no key, no element and no priority, but a value', () => {
  const refused = expect.objectContaining({ code: 'ERR_INVALID_DATUM' }) as Error
  expect(() => new Replica(mapMachine({ id })).encode('insert', NaN, 1)).toThrow(refused)
  expect(() => new Replica(setMachine({ id })).encode('extend', [1, NaN])).toThrow(refused)
  expect(() => new Replica(priorityQueueMachine({ id })).encode('insert', NaN, 'a', 1)).toThrow(refused)
  expect(() => new Replica(priorityQueueMachine({ id })).encode('removeRange', { from: NaN })).toThrow(refused)
  const cell = new Replica(cellMachine({ id }))
  cell.write('write', NaN)
  expect(cell.write('compareExchange', NaN, 1)).toBe(true)
})

test('reads of what cannot be a key answer that it is not there', () => {
  const map = mapMachine({ id }).state
  expect([map.get(NaN), map.has(() => 1), map.get(undefined), map.has('\ud800')]).toEqual([undefined, false, undefined, false])
})

describe('schemas', () => {
  const types = { key: z.string().max(3), value: z.object({ n: z.number() }) }

  test('what does not fit is refused before it is sent, with the value', () => {
    const replica = new Replica(mapMachine<string, { n: number }>({ id }, types))
    expect(() => replica.encode('insert', 'a', { n: '1' })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_DATUM', datum: { n: '1' } }) as Error,
    )
    expect(() => replica.encode('insert', 'long', { n: 1 })).toThrow(expect.objectContaining({ datum: 'long' }) as Error)
    expect(() =>
      replica.encode('extend', [
        ['a', { n: 1 }],
        ['b', 1],
      ]),
    ).toThrow(expect.objectContaining({ datum: 1 }) as Error)
    expect(() => replica.encode('compareExchange', 'a', undefined, 5)).toThrow(expect.objectContaining({ datum: 5 }) as Error)
  })

  test('what the schema makes of a value is what is sent', () => {
    const replica = new Replica(mapMachine({ id }, { value: z.object({ n: z.number(), m: z.number().default(7) }) }))
    replica.write('insert', 'a', { n: 1, more: true })
    expect(replica.state.get('a')).toEqual({ n: 1, m: 7 })
  })

  test('what is refused is refused with any schema, and the batch is whole or not at all', () => {
    const [loose, strict] = [new Replica(mapMachine({ id })), new Replica(mapMachine<string, { n: number }>({ id }, types))]
    for (const replica of [loose, strict]) replica.deliver(loose.encode('insert', 'a', { n: 1 }))
    const bytes = canonical(['extend', [['b', { n: 2 }], [NaN, { n: 3 }]]]) // prettier-ignore
    expect(strict.deliver(bytes)).toEqual({ refused: expect.stringContaining('NaN') as string })
    expect(loose.deliver(bytes)).toEqual(strict.deliver(bytes))
    expect([...strict.state]).toEqual([['a', { n: 1 }]])
    expect([strict.writes.length, strict.misfits.length]).toEqual([1, 0])
  })

  test('what fits but has more in it is held as it came, as by every other member', () => {
    const [loose, strict] = [new Replica(mapMachine({ id })), new Replica(mapMachine({ id }, types))]
    const bytes = loose.encode('insert', 'a', { n: 1, more: true })
    for (const replica of [loose, strict]) replica.deliver(bytes)
    expect(hexOf(strict.items())).toEqual(hexOf(loose.items()))
  })

  test('one that answers with a promise is a mistake in the program', () => {
    const replica = new Replica(
      setMachine(
        { id },
        z.string().refine(async () => true),
      ),
    )
    expect(() => replica.encode('insert', 'a')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }) as Error)
  })
})

describe('codecs of one’s own', () => {
  class Point {
    readonly x: number
    readonly y: number
    constructor(x: number, y: number) {
      this.x = x
      this.y = y
    }
  }
  const points: Codec<Point> = {
    encode: ({ x, y }) => Uint8Array.of(x, y),
    decode: ([x, y, ...more]) => {
      if (x === undefined || y === undefined || more.length > 0) throw new Error('no point')
      return new Point(x, y)
    },
  }
  const is = (x: number, y: number): Point => new Point(x, y)

  test('their values are keys, values, elements and priorities', () => {
    const map = new Replica(mapMachine({ id }, { key: points, value: points }))
    map.write('insert', is(1, 2), is(3, 4))
    expect(map.write('insert', is(1, 2), is(5, 6))).toEqual(is(3, 4))
    expect(map.state.get(is(1, 2))).toBeInstanceOf(Point)
    expect([...map.state]).toEqual([[is(1, 2), is(5, 6)]])
    expect(map.write('compareExchange', is(1, 2), is(5, 6), is(7, 8))).toBe(true)
    const other = new Replica(mapMachine({ id }, { key: points, value: points }))
    other.install(map.items())
    expect([...other.state]).toEqual([[is(1, 2), is(7, 8)]])

    const vec = new Replica(vecMachine({ id }, points))
    vec.write('extend', [is(1, 1), is(2, 2)])
    expect([vec.state.indexOf(is(2, 2)), vec.state.indexOf({} as Point)]).toEqual([1, -1])

    const text: Codec<string> = { encode: (each) => Buffer.from(each), decode: (bytes) => Buffer.from(bytes).toString() }
    const queue = new Replica(priorityQueueMachine({ id }, { priority: text, key: points, value: points }))
    queue.write('extend', [['b', is(1, 1), is(1, 1)], ['a', is(2, 2), is(2, 2)]]) // prettier-ignore
    expect(queue.write('popMin')).toEqual(['a', is(2, 2), is(2, 2)])
  })

  test('what they do not take is refused by the writer, and by every member', () => {
    const map = new Replica(mapMachine({ id }, { value: points }))
    expect(() => map.encode('insert', 'a', null)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_DATUM', datum: null }) as Error)
    const loose = new Replica(mapMachine({ id }))
    for (const value of [1, new Uint8Array(1), new Uint8Array(3)]) {
      expect(map.deliver(loose.encode('insert', 'a', value))).toHaveProperty('refused')
    }
    expect(map.state.size).toBe(0)
  })

  test('one that writes the same value in more than one way is found out by the writer', () => {
    let calls = 0
    const careless: Codec<number> = { encode: (n) => Uint8Array.of(n, calls++), decode: ([n]) => n as number }
    const set = new Replica(setMachine({ id }, careless))
    expect(() => set.encode('insert', 1)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_DATUM' }) as Error)
  })
})
