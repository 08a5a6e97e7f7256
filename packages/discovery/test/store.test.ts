import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PeerId } from '@mosaik/core'
import { deltaOf, parcelsFor, summaryOf } from '../src/logic/delta.ts'
import { differingBuckets } from '../src/logic/digest.ts'
import { createEntry } from '../src/logic/entry.ts'
import { Store } from '../src/logic/store.ts'
import type { Change } from '../src/logic/store.ts'
import { compareVersions } from '../src/logic/statement.ts'
import type { Statement } from '../src/logic/statement.ts'
import { author, details, NETWORK, statement } from './builders.ts'

const RULES = { maxTimeDrift: 10, purgeAfter: 100, maxPeers: 1000, maxDeparted: 1000, maxBytes: 1_000_000 }
const self = author('self')
const peers = ['a', 'b', 'c', 'd', 'e'].map((name) => author(name))

function store(rules: Partial<typeof RULES> = {}, me = self): Store {
  return new Store(me.id, NETWORK, { ...RULES, ...rules })
}

/** As the gateway does it. */
function offer(into: Store, said: Statement, now: number): Change | undefined {
  const verdict = into.judge(said.head, now)
  if (verdict !== 'new' && verdict !== 'newer') return undefined
  const change = into.put(said)
  return change === false ? undefined : change
}

function unsigned(peerId: PeerId, tags: string[] = []): Parameters<Store['insert']>[0] {
  return createEntry({ peerId, networkId: NETWORK, startedAt: 0, updatedAt: 0, signed: false }, details({ tags }))
}

const [alice, bob] = peers as [(typeof peers)[0], (typeof peers)[0]]

describe('admission', () => {
  test.each([
    ['too far ahead', 111, 100, 'future'],
    ['as far ahead as allowed', 110, 100, 'new'],
    ['as old as allowed', 900, 1000, 'new'],
    ['too old', 899, 1000, 'stale'],
  ])('%s', (_, updatedAt, now, verdict) => {
    expect(store().judge(statement(alice, { updatedAt }).head, now)).toBe(verdict)
  })

  test('between two runs the later update wins, whichever run started first', () => {
    const catalog = store()
    offer(catalog, statement(alice, { startedAt: 90, updatedAt: 100, tags: ['old'] }), 100)
    expect(offer(catalog, statement(alice, { startedAt: 20, updatedAt: 101, tags: ['new'] }), 100)).toMatchObject({ type: 'updated' })
    expect(offer(catalog, statement(alice, { startedAt: 95, updatedAt: 100 }), 100)).toBeUndefined()
    expect(catalog.entryOf(alice.id)?.hasTag('new')).toBe(true)
  })

  test('what others say of this node is never taken', () => {
    const catalog = store({}, alice)
    expect(catalog.judge(statement(alice, { updatedAt: 100 }).head, 100)).toBe('own')
  })

  test('limits: new peers are refused when full, known ones still move', () => {
    const catalog = store({ maxPeers: 1 })
    offer(catalog, statement(alice, { updatedAt: 1 }), 1)
    expect(catalog.judge(statement(bob, { updatedAt: 1 }).head, 1)).toBe('full')
    expect(catalog.insert(unsigned(bob.id))).toBe(false)
    expect(catalog.judge(statement(alice, { updatedAt: 2 }).head, 2)).toBe('newer')
    expect(store({ maxBytes: 5 }).put(statement(alice, { updatedAt: 1 }))).toBe(false)
  })

  test('a stranger cannot push out remembered departures with departures of its own', () => {
    const catalog = store({ maxDeparted: 1 })
    offer(catalog, statement(alice, { updatedAt: 1 }), 1)
    offer(catalog, statement(alice, { updatedAt: 2, departed: true }), 2)
    expect(catalog.judge(statement(bob, { updatedAt: 2, departed: true }).head, 2)).toBe('full')
    expect(catalog.judge(statement(alice, { updatedAt: 1 }).head, 2)).toBe('older')
  })
})

describe('departures', () => {
  test('refuse everything up to their version until they expire', () => {
    const catalog = store()
    offer(catalog, statement(alice, { updatedAt: 50 }), 50)
    expect(offer(catalog, statement(alice, { updatedAt: 60, departed: true }), 60)).toEqual({ type: 'departed', peerId: alice.id })
    expect(catalog.judge(statement(alice, { updatedAt: 50 }).head, 60)).toBe('older')
    expect(catalog.judge(statement(alice, { updatedAt: 60 }).head, 60)).toMatch(/older|newer/) // a tie: by digest
    expect(catalog.livePeers).toBe(0)
    expect(catalog.purge(170)).toEqual([])
    expect(catalog.get(alice.id)).toBeDefined()
    catalog.purge(171)
    expect(catalog.get(alice.id)).toBeUndefined()
    // by now the rule on age does the same
    expect(catalog.judge(statement(alice, { updatedAt: 60 }).head, 171)).toBe('stale')
  })

  test('of somebody unknown are remembered without an event', () => {
    const catalog = store()
    expect(offer(catalog, statement(alice, { updatedAt: 60, departed: true }), 60)).toBeUndefined()
    expect(catalog.judge(statement(alice, { updatedAt: 59 }).head, 60)).toBe('older')
  })

  test('do not bar who comes back', () => {
    const catalog = store()
    offer(catalog, statement(alice, { updatedAt: 60, departed: true }), 60)
    expect(offer(catalog, statement(alice, { startedAt: 61, updatedAt: 61 }), 61)).toMatchObject({ type: 'discovered' })
  })
})

describe('entries by hand', () => {
  test('never replace a signed one, and give way to it', () => {
    const catalog = store()
    expect(catalog.insert(unsigned(alice.id))).toMatchObject({ type: 'discovered' })
    expect(catalog.insert(unsigned(alice.id, ['x']))).toMatchObject({ type: 'updated' })
    expect(offer(catalog, statement(alice, { updatedAt: 1 }), 1)).toMatchObject({ type: 'updated' })
    expect(catalog.insert(unsigned(alice.id))).toBe(false)
    expect(catalog.remove(alice.id)).toBeUndefined()
    expect(catalog.entryOf(alice.id)?.signed).toBe(true)
  })

  test('are refused for this node itself, and stay until taken out', () => {
    const catalog = store()
    expect(catalog.insert(unsigned(self.id))).toBe(false)
    catalog.insert(unsigned(alice.id))
    catalog.insert(unsigned(bob.id))
    expect(catalog.purge(1e9)).toEqual([])
    expect(catalog.remove(alice.id)).toEqual({ type: 'departed', peerId: alice.id })
    expect(catalog.clearUnsigned()).toEqual([{ type: 'departed', peerId: bob.id }])
    expect(catalog.clearUnsigned()).toEqual([])
  })
})

/** What peers may say, by index: few peers and few moments, so that everything collides. */
const saying = fc.record({
  who: fc.nat(peers.length - 1),
  startedAt: fc.nat(2),
  updatedAt: fc.integer({ min: 0, max: 130 }),
  departed: fc.boolean(),
})
const sayings = fc.array(saying, { maxLength: 40 })

function said({ who, ...rest }: { who: number; startedAt: number; updatedAt: number; departed: boolean }): Statement {
  return statement(peers[who] as (typeof peers)[0], rest)
}

test('in any order it holds what a twin finds that keeps everything and looks for the latest (property)', () => {
  const now = 100
  fc.assert(
    fc.property(sayings, (list) => {
      const catalog = store()
      const seen: Statement[] = []
      const visible = new Set<PeerId>()
      for (const one of list.map(said)) {
        const change = offer(catalog, one, now)
        if (one.head.updatedAt <= now + RULES.maxTimeDrift && one.head.updatedAt >= now - RULES.purgeAfter) seen.push(one)
        if (change?.type === 'discovered') expect(visible.has(change.entry.peerId)).toBe(false)
        if (change?.type === 'discovered' || change?.type === 'updated') visible.add(change.entry.peerId)
        if (change?.type === 'departed') expect(visible.delete(change.peerId)).toBe(true)
      }
      for (const { id } of peers) {
        const latest = seen
          .filter(({ head }) => head.peerId === id)
          .sort((a, b) => compareVersions(a.head, b.head))
          .at(-1)
        expect(catalog.get(id)?.statement.head.id).toBe(latest?.head.id)
        expect(catalog.entryOf(id)?.updatedAt).toBe(latest?.details && latest.head.updatedAt)
        expect(visible.has(id)).toBe(latest?.details !== undefined)
      }
      expect(catalog.livePeers).toBe(visible.size)
    }),
    { numRuns: 200 },
  )
})

test('two stores are equal after one exchange of what differs (property)', () => {
  const now = 100
  fc.assert(
    fc.property(sayings, sayings, (left, right) => {
      const [a, b] = [store({}, author('left')), store({}, author('right'))]
      for (const one of left.map(said)) offer(a, one, now)
      for (const one of right.map(said)) offer(b, one, now)
      const differing = differingBuckets(a.digest.hashes(), b.digest.hashes())
      expect(differing.length === 0).toBe(a.digest.root() === b.digest.root())
      const delta = deltaOf(b, differing, summaryOf(a, differing), now, RULES)
      for (const { statement: one } of delta.send) expect(offer(a, one, now) ?? one.details).toSatisfy((x) => x !== false)
      for (const { statement: one } of parcelsFor(a, delta.want)) offer(b, one, now)
      expect(a.digest.root()).toBe(b.digest.root())
    }),
    { numRuns: 200 },
  )
})

test('details travel only where they are missing', () => {
  const [a, b] = [store({}, author('left')), store({}, author('right'))]
  offer(a, statement(alice, { updatedAt: 1, tags: ['x'] }), 1)
  offer(b, statement(alice, { updatedAt: 2, tags: ['x'] }), 1)
  offer(b, statement(bob, { updatedAt: 2, tags: ['y'] }), 1)
  const differing = differingBuckets(a.digest.hashes(), b.digest.hashes())
  const { send } = deltaOf(b, differing, summaryOf(a, differing), 1, RULES)
  const travelling = new Map(send.map(({ statement: one, withDetails }) => [one.head.peerId, withDetails]))
  expect(travelling).toEqual(
    new Map([
      [alice.id, false],
      [bob.id, true],
    ]),
  )
})

test('purge drops what is older than purgeAfter and says when to look again', () => {
  const catalog = store()
  offer(catalog, statement(alice, { updatedAt: 10 }), 10)
  offer(catalog, statement(bob, { updatedAt: 50 }), 50)
  expect(catalog.nextExpiry).toBe(110)
  offer(catalog, statement(alice, { updatedAt: 60 }), 60)
  expect(catalog.purge(111)).toEqual([])
  expect(catalog.nextExpiry).toBe(150)
  expect(catalog.purge(151).map(({ peerId }) => peerId)).toEqual([bob.id])
  expect(catalog.entryOf(bob.id)).toBeUndefined()
  expect(catalog.nextExpiry).toBe(160)
})
