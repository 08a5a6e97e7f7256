import { seededPrng, uniqueId } from '@mosaik/core'
import type { PeerId } from '@mosaik/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AddressBook } from '../src/logic/address-book.ts'
import { Allowance } from '../src/logic/allowance.ts'
import { PersistentMap } from '../src/logic/persistent-map.ts'
import { Pulls } from '../src/logic/pulls.ts'
import { wantedNeighbours } from '../src/logic/ring.ts'
import { RttTable } from '../src/logic/rtt.ts'
import { CalmCounter, jittered, renewAfter, sample } from '../src/logic/schedule.ts'
import { clockSkew } from '../src/logic/skew.ts'
import { keyOf } from '../src/logic/statement.ts'
import { author, statement } from './builders.ts'

const ids = Array.from({ length: 8 }, (_, i) => author(`peer ${i}`).id)
const ascending = (a: number, b: number): number => a - b
const [p0, p1, p2] = ids as [PeerId, PeerId, PeerId]

describe('round-trip times (RFC 6298, section 2)', () => {
  test('the first sample stands, later ones count an eighth', () => {
    const table = new RttTable(1000)
    expect(table.get(p0, 0)).toBeUndefined()
    expect(table.sample(p0, 80, 0)).toBe(80)
    expect(table.sample(p0, 160, 10)).toBe(90)
    expect(table.get(p0, 10)).toBe(90)
  })

  test('expire, and start anew', () => {
    const table = new RttTable(1000)
    table.sample(p0, 80, 0)
    expect(table.get(p0, 1000)).toBe(80)
    expect(table.get(p0, 1001)).toBeUndefined()
    expect(table.sample(p0, 10, 1002)).toBe(10)
    table.forget(p0)
    expect(table.get(p0, 1002)).toBeUndefined()
  })

  test('who is never asked about again is forgotten, too', () => {
    const table = new RttTable(1000)
    for (const [i, id] of ids.entries()) table.sample(id, 1, i)
    expect(table.size).toBe(ids.length)
    table.sample(p0, 1, 1005)
    expect(table.size).toBe(4) // those sampled at 5, 6 and 7, and this one
  })
})

test('PersistentMap is a Map whose old versions stay (property)', () => {
  const change = fc.tuple(fc.constantFrom(...ids), fc.option(fc.nat(), { nil: undefined }))
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 5 })), (batches) => {
      let map = PersistentMap.empty<PeerId, number>()
      const twin = new Map<PeerId, number>()
      for (const batch of batches) {
        const [before, old] = [map, [...map.values()]]
        map = map.with(batch)
        for (const [key, value] of batch) void (value === undefined ? twin.delete(key) : twin.set(key, value))
        expect([...before.values()]).toEqual(old)
        expect(map.size).toBe(twin.size)
        expect([...map.values()].sort(ascending)).toEqual([...twin.values()].sort(ascending))
        for (const id of ids) expect(map.get(id)).toBe(twin.get(id))
      }
    }),
  )
})

describe('neighbours on the ring', () => {
  const peersOf = (count: number): { peerId: PeerId; key: string }[] =>
    Array.from({ length: count }, (_, i) => ({ peerId: `peer ${i}` as PeerId, key: uniqueId(`peer ${i}`).slice(0, 32) }))

  /** Who has dialled whom, as nodes dial whom they want and give up what they have dialled and do not want, in turn, until nothing changes. */
  function settle(count: number, dialled: (readonly [number, number])[], inUse: (readonly [number, number])[] = []): Set<PeerId>[] {
    const peers = peersOf(count)
    const index = new Map(peers.map(({ peerId }, i) => [peerId, i]))
    const idOf = (i: number): PeerId => (peers[i] as { peerId: PeerId }).peerId
    const own = peers.map(() => new Set<PeerId>())
    const streams = peers.map(() => new Set<PeerId>())
    for (const [a, b] of dialled) own[a]?.add(idOf(b))
    for (const [a, b] of inUse) streams[a]?.add(idOf(b))
    const linksOf = (i: number): Set<PeerId> => {
      const links = new Set([...(own[i] ?? []), ...(streams[i] ?? [])])
      for (const [j, { peerId }] of peers.entries()) if (own[j]?.has(idOf(i)) || streams[j]?.has(idOf(i))) links.add(peerId)
      return links
    }
    for (let round = 0; round < 60; round++) {
      let changes = 0
      for (const [i, { peerId, key }] of peers.entries()) {
        const others = peers.filter((other) => other.peerId !== peerId)
        const connected = linksOf(i)
        const wanted = wantedNeighbours(key, others, () => false, connected)
        expect(wanted.length).toBeLessThanOrEqual(4)
        const missing = wanted.filter((peer) => !connected.has(peer))
        for (const peer of missing) own[i]?.add(peer)
        const surplus = [...(own[i] ?? [])].filter((peer) => !wanted.includes(peer))
        if (missing.length === 0) for (const peer of surplus) own[i]?.delete(peer)
        changes += missing.length > 0 ? missing.length : surplus.length
      }
      if (changes === 0) return peers.map((_, i) => linksOf(index.get(idOf(i)) as number))
    }
    throw new Error('it never settles')
  }

  function steps(links: readonly Set<PeerId>[]): number {
    const peers = peersOf(links.length)
    const linksOf = new Map(peers.map(({ peerId }, i) => [peerId, links[i] as Set<PeerId>]))
    let reached = new Set([(peers[0] as { peerId: PeerId }).peerId])
    for (let count = 0; ; count++) {
      if (reached.size === links.length) return count
      const next = new Set([...reached].flatMap((peer) => [peer, ...(linksOf.get(peer) ?? [])]))
      expect(next.size).toBeGreaterThan(reached.size)
      reached = next
    }
  }

  const total = (links: readonly Set<PeerId>[]): number => links.reduce((sum, { size }) => sum + size, 0) / 2
  const star = (count: number): [number, number][] => Array.from({ length: count - 1 }, (_, i) => [i + 1, 0])
  const circle = (count: number): [number, number][] => Array.from({ length: count }, (_, i) => [i, (i + 1) % count])

  test.each([2, 3, 7, 50, 200])('%d nodes that have dialled one of them settle, with few connections and short ways', (count) => {
    const links = settle(count, star(count))
    expect(Math.max(...links.map(({ size }) => size))).toBeLessThanOrEqual(12)
    expect(Math.min(...links.map(({ size }) => size))).toBeGreaterThanOrEqual(Math.min(count - 1, 3))
    expect(total(links)).toBeLessThanOrEqual(2.5 * count)
    expect(steps(links)).toBeLessThanOrEqual(7)
  })

  test('connections of streams count', () => {
    const links = settle(50, star(50), circle(50))
    expect(total(links)).toBeLessThanOrEqual(125)
    expect(steps(links)).toBeLessThanOrEqual(7)
  })

  test('who cannot be reached is replaced by the next one', () => {
    const peers = peersOf(20)
    const [first] = wantedNeighbours('00'.repeat(16), peers, () => false, new Set())
    const others = wantedNeighbours('00'.repeat(16), peers, (peer) => peer === first, new Set())
    expect(others).not.toContain(first)
    expect(others.length).toBeGreaterThanOrEqual(2)
  })
})

describe('the address book', () => {
  const address = (port: number, peer?: PeerId): string => `/ip4/127.0.0.1/udp/${port}/quic-v1${peer === undefined ? '' : `/p2p/${peer}`}`
  const everyone = (): boolean => true

  test('keeps bootstrap addresses for ever, and remembered ones until their owner says goodbye', () => {
    const book = new AddressBook([address(1)])
    book.remember(p1, [address(2, p1)])
    book.lostSight(p2, [address(3)])
    expect(book.lost(everyone)).toEqual({ bootstrap: [address(1)], known: [address(2, p1)], heardOf: [address(3)] })
    book.forget(p1)
    book.forget(p2)
    expect(book.lost(everyone)).toEqual({ bootstrap: [address(1)], known: [], heardOf: [] })
  })

  test('knows who answered where, and looks only for those who are missing', () => {
    const book = new AddressBook([address(1)])
    book.remember(undefined, [address(3)])
    book.answered(address(1), p1)
    book.answered(address(3), p2)
    const lost = book.lost((peer) => peer === p2)
    expect(lost).toEqual({ bootstrap: [], known: [address(3)], heardOf: [] })
  })

  test('holds the 64 most recent', () => {
    const book = new AddressBook([])
    for (let port = 1; port <= 100; port++) book.remember(undefined, [address(port)])
    const { known } = book.lost(everyone)
    expect(known).toHaveLength(64)
    expect(known).toContain(address(100))
    expect(known).not.toContain(address(36))
  })

  test('who was met is not pushed out by many who were only heard of', () => {
    const book = new AddressBook([])
    book.met(p1)
    book.lostSight(p1, [address(1)])
    for (let i = 2; i <= 200; i++) book.lostSight(`peer ${i}` as PeerId, [address(i)])
    const { known, heardOf } = book.lost(everyone)
    expect(known).toEqual([address(1)])
    expect(heardOf).toHaveLength(64)
  })
})

test('an allowance: a burst, then one at a time; what is not used comes back up to the burst', () => {
  const allowance = new Allowance(3, 1000)
  const open = (now: number): boolean => allowance.nextAt() <= now
  for (let i = 0; i < 3; i++) {
    expect(open(5000)).toBe(true)
    allowance.spend(5000)
  }
  expect(allowance.nextAt()).toBe(6000)
  allowance.spend(6000)
  expect(open(6999)).toBe(false)
  for (let i = 0; i < 3; i++) {
    expect(open(60_000)).toBe(true)
    allowance.spend(60_000)
  }
  expect(open(60_000)).toBe(false)
})

describe('pulls', () => {
  const said = (i: number, updatedAt = 1): ReturnType<typeof statement>['head'] => statement(author(`peer ${i}`), { updatedAt }).head

  test('gather what one source has, one fetch per source at a time', () => {
    const pulls = new Pulls(2, 10)
    pulls.add(said(0), [p2], 0)
    pulls.add(said(1), [p2], 0)
    expect(pulls.take(0)).toEqual({ source: p2, keys: [keyOf(p0), keyOf(p1)] })
    pulls.add(said(3), [p2], 0)
    expect(pulls.take(0)).toBeUndefined()
    pulls.arrived(said(0))
    pulls.arrived(said(1))
    expect(pulls.settle(p2, 0)).toBe(0)
    expect(pulls.take(0)?.keys).toHaveLength(1)
  })

  test('ask the next source after a pause, and give up after a few attempts', () => {
    const pulls = new Pulls(2, 10)
    pulls.add(said(0), [p1, p0], 0)
    let now = 0
    const asked: PeerId[] = []
    for (let given = 0; given === 0;) {
      const next = pulls.take(now)
      if (next === undefined) {
        now = pulls.nextDue() as number
        continue
      }
      asked.push(next.source)
      given = pulls.settle(next.source, now)
    }
    expect(asked).toEqual([p1, p0, p1, p0, p1])
    expect(now).toBeGreaterThan(500)
    expect(pulls.nextDue()).toBeUndefined()
  })

  test('an older statement does not satisfy a newer announcement', () => {
    const pulls = new Pulls(2, 10)
    pulls.add(said(0, 5), [p1], 0)
    pulls.arrived(said(0, 4))
    expect(pulls.nextDue()).toBe(0)
    pulls.arrived(said(0, 6))
    expect(pulls.nextDue()).toBeUndefined()
  })

  test('are bounded, in all and at once', () => {
    const pulls = new Pulls(1, 10)
    const { head } = statement(author('x'), { updatedAt: 1 })
    for (let i = 0; i < 4096; i++) expect(pulls.add({ ...head, peerId: `${i}` as PeerId }, [p0], 0)).toBe(true)
    expect(pulls.add({ ...head, peerId: 'more' as PeerId }, [p0], 0)).toBe(false)
    expect(pulls.take(0)?.keys).toHaveLength(10)
    expect(pulls.take(0)).toBeUndefined()
  })
})

describe('schedules', () => {
  test('jitter stays within its bounds', () => {
    const prng = seededPrng(1)
    const delays = Array.from({ length: 1000 }, () => jittered(100, 0.5, prng))
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(50)
    expect(Math.max(...delays)).toBeLessThanOrEqual(150)
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(90)
  })

  test('renewals are every interval in small networks, and often enough in large ones', () => {
    expect(renewAfter(15, 300, 2)).toBe(15)
    expect(renewAfter(15, 300, 30)).toBe(90)
    expect(renewAfter(15, 300, 1000)).toBe(150)
    expect(renewAfter(500, 300, 1000)).toBe(500)
  })

  test('catalogs are compared less and less often while there are no news', () => {
    const calm = new CalmCounter()
    const times = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1).filter(() => calm.tick())
    expect(times(24)).toEqual([1, 2, 4, 8, 16, 24])
    calm.news()
    expect(times(4)).toEqual([1, 2, 4])
  })

  test('a sample is of different items', () => {
    expect(sample([1, 2, 3], 5, seededPrng(1)).sort(ascending)).toEqual([1, 2, 3])
    expect(new Set(sample([...Array(100).keys()], 10, seededPrng(2))).size).toBe(10)
  })
})

test('a clock is skewed only by what the delay cannot explain', () => {
  expect(clockSkew(150, 100, 200)).toBe(0)
  expect(clockSkew(260, 100, 200)).toBe(60)
  expect(clockSkew(40, 100, 200)).toBe(-60)
})
