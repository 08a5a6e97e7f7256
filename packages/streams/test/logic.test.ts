import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PeerId } from '@mosaik/core'
import type { Catalog, PeerEntry } from '@mosaik/discovery'
import { sameContent, updateKnown } from '../src/logic/entries.ts'
import { mayTake } from '../src/logic/fanout.ts'
import { Retry, STABLE_MS } from '../src/logic/retry.ts'
import { Ring } from '../src/logic/ring.ts'
import { commonRoom, Window } from '../src/logic/window.ts'

describe('ring', () => {
  test('behaves as an array does', () => {
    const step = fc.oneof(fc.constant('shift' as const), fc.integer({ min: 1, max: 40 }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const ring = new Ring<string>()
        const array: [string, number][] = []
        let n = 0
        for (const what of steps) {
          if (what === 'shift') {
            if (array.length === 0) continue
            const [item, number] = array.shift() as [string, number]
            expect([ring.first(), ring.firstNumber(), ring.shift()]).toEqual([item, number, item])
          } else {
            for (let i = 0; i < what; i++) {
              ring.push(`${n}`, n / 2)
              array.push([`${n}`, n / 2])
              n += 1
            }
          }
          expect(ring.size).toBe(array.length)
        }
      }),
    )
  })
})

describe('window', () => {
  test('both ends keep the same account, and it never goes below nothing', () => {
    const here = new Window()
    const there = new Window()
    const whole = { items: 8, bytes: 1000 }
    let queued = 0
    let queuedBytes = 0
    const grant = (): void => {
      const missing = here.missing({ items: whole.items - queued, bytes: whole.bytes - queuedBytes })
      if (missing === undefined) return
      here.grant(missing)
      there.grant(missing)
    }
    const sizes: number[] = []
    grant()
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer({ min: 0, max: 500 }), fc.constant('take' as const)), { maxLength: 60 }), (steps) => {
        for (const step of steps) {
          if (step === 'take') {
            const size = sizes.shift()
            if (size === undefined) continue
            queued -= 1
            queuedBytes -= size
          } else if (there.allows(step)) {
            there.spend(step)
            expect(here.allows(step)).toBe(true)
            here.spend(step)
            queued += 1
            queuedBytes += step
            sizes.push(step)
          }
          if (!here.isAmple(whole)) grant()
          expect([here.items, here.bytes]).toEqual([there.items, there.bytes])
          expect(here.items + queued).toBeLessThanOrEqual(whole.items)
          expect(here.bytes + queuedBytes).toBeLessThanOrEqual(whole.bytes)
          if (queued === 0) expect(there.allows(500)).toBe(true) // whoever has taken everything gets more
        }
      }),
    )
  })

  test('the fastest reader decides, the slowest one where everyone is waited for', () => {
    const rooms = [
      { items: 3, bytes: 10 },
      { items: 0, bytes: 70 },
    ]
    expect(commonRoom(rooms, false)).toEqual({ items: 3, bytes: 70 })
    expect(commonRoom(rooms, true)).toEqual({ items: 0, bytes: 10 })
    expect(commonRoom([], true)).toEqual({ items: 0, bytes: 0 })
  })
})

describe('a datum may be taken', () => {
  const [yes, no] = [{ hasRoom: true }, { hasRoom: false }]
  test.for([
    ['disconnect', [yes, no], true],
    ['drop', [no, no], false],
    ['wait', [yes, no], false],
    ['wait', [yes, yes], true],
    ['wait', [], true],
    ['disconnect', [], true],
  ] as const)('%s %j: %j', ([lagging, places, expected]) => {
    expect(mayTake(lagging, places)).toBe(expected)
  })
})

describe('retry', () => {
  const delays = function* (): Generator<number> {
    yield* [1, 2, 3]
  }

  test('goes on where it was, and gives up after a while', () => {
    const retry = new Retry(delays, 100)
    expect([retry.failed(0, undefined), retry.failed(10, undefined), retry.failed(99, undefined)]).toEqual([1, 2, 3])
    expect(retry.failed(100, undefined)).toBeUndefined()
    retry.reset()
    expect(retry.failed(101, undefined)).toBe(1)
  })

  test('forgets the past after a stable connection, not after a short one', () => {
    const retry = new Retry(delays, 1e9)
    retry.failed(0, undefined)
    expect(retry.failed(1000, 1)).toBe(2)
    expect(retry.failed(1000 + STABLE_MS, 1000)).toBe(1)
  })
})

describe('entries', () => {
  const entry = (peerId: string, more: Partial<PeerEntry> = {}): PeerEntry => ({
    peerId: peerId as PeerId,
    networkId: 'n' as PeerEntry['networkId'],
    addresses: ['x', 'y'],
    tags: new Set(),
    streams: new Set(),
    groups: new Set(),
    tickets: [],
    startedAt: 1,
    updatedAt: 1,
    signed: true,
    hasTag: () => false,
    ...more,
  })
  const catalog = (...entries: PeerEntry[]): Catalog => {
    const map = new Map(entries.map((one) => [one.peerId, one]))
    return { me: entry('me'), size: map.size, get: (id) => map.get(id), has: (id) => map.has(id), [Symbol.iterator]: () => map.values() }
  }

  test('a newer date is no news; content and a new run are', () => {
    const base = entry('a')
    expect(sameContent(base, entry('a', { updatedAt: 9, addresses: ['y', 'x'] }))).toBe(true)
    for (const more of [
      { startedAt: 2 },
      { signed: false },
      { addresses: ['x'] },
      { tags: new Set(['t']) as never },
      { tickets: [{ id: 'i' }] as never },
    ]) {
      expect(sameContent(base, entry('a', more))).toBe(false)
    }
  })

  test('only what is different is told', () => {
    const known = new Map<PeerId, PeerEntry>()
    const [a, b] = [entry('a'), entry('b')]
    expect(updateKnown(known, catalog(a, b))).toEqual([
      { peerId: 'a', entry: a },
      { peerId: 'b', entry: b },
    ])
    expect(updateKnown(known, catalog(a, b))).toEqual([])
    const newer = entry('b', { updatedAt: 2 })
    expect(updateKnown(known, catalog(newer))).toEqual([
      { peerId: 'b', entry: newer },
      { peerId: 'a', entry: undefined },
    ])
    expect([...known.keys()]).toEqual(['b'])
  })
})
