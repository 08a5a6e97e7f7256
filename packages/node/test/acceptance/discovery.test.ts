import { createTicket, MosaikError, peerIdOf, secretKey, uniqueId } from '@mosaik/core'
import type { DiscoveryEvent } from '@mosaik/discovery'
import type { Network } from '@mosaik/node'
import { defineStream } from '@mosaik/streams'
import { describe, expect, it } from 'vitest'
import { outcome, stage, stateOf } from './support.ts'

const Ticks = defineStream<number>('ticks')
const nobody = peerIdOf(secretKey('nobody'))
const somebody = { peerId: nobody, addresses: ['/ip4/127.0.0.1/udp/9/quic-v1'] }
const address = (node: Network): string => node.local.addresses[0]!

/** What has happened so far, read after the fact. */
function record(node: Network): DiscoveryEvent[] {
  const seen: DiscoveryEvent[] = []
  void (async () => {
    for await (const event of node.discovery.events()) seen.push(event)
  })()
  return seen
}

const about = (events: readonly DiscoveryEvent[], node: Network): string[] =>
  events
    .filter((event) => ('entry' in event ? event.entry.peerId : 'peerId' in event ? event.peerId : undefined) === node.local.id)
    .map(({ type }) => type)

describe('feed and exportMe', () => {
  it('carry an entry elsewhere; feed answers false for anything unacceptable and never throws', () =>
    stage('feed', async ({ world, node }) => {
      const [a, b] = [await world.node('acceptance'), await node()]
      const foreign = await world.node('another network')
      const signed = b.discovery.exportMe()
      const forged = signed.map((byte, i) => (i === signed.length - 1 ? byte ^ 1 : byte))
      const unacceptable = [
        undefined,
        null,
        7,
        '',
        {},
        [],
        new Uint8Array(0),
        new Uint8Array(100_000).fill(0x9f),
        signed.subarray(1),
        signed.subarray(0, -1),
        forged,
        foreign.discovery.exportMe(),
        a.discovery.exportMe(),
      ]
      for (const bytes of unacceptable) expect(a.discovery.feed(bytes as Uint8Array)).toBe(false)
      expect(a.discovery.catalog.value.size).toBe(0)
      expect(a.discovery.feed(signed)).toBe(true)
      expect(a.discovery.feed(signed)).toBe(false)
      expect(a.discovery.catalog.value.get(b.local.id)).toMatchObject({ peerId: b.local.id, addresses: b.local.addresses, signed: true })
      b.discovery.addTags('newer')
      expect(a.discovery.feed(b.discovery.exportMe())).toBe(true)
      expect(a.discovery.feed(signed)).toBe(false)
      expect(a.discovery.catalog.value.get(b.local.id)?.hasTag('newer')).toBe(true)
    }))

  it.each([
    [9_900, true],
    [10_100, false],
    [600_000, false],
    [-299_000, true],
    [-301_000, false],
    [-600_000, false],
  ])('an entry dated %d ms off: %s, at default bounds', (clockSkew, taken) =>
    stage('drift', async ({ world }) => {
      const a = await world.node('acceptance')
      const b = await world.node('acceptance', { clockSkew })
      expect(a.discovery.feed(b.discovery.exportMe())).toBe(taken)
      expect(a.discovery.catalog.value.size).toBe(taken ? 1 : 0)
    }),
  )

  it('the same rule holds for gossip and sync', () =>
    stage('one rule', async ({ world, node, pass }) => {
      const a = await node()
      const fast = await node({ clockSkew: 600_000 })
      const slow = await node({ clockSkew: -600_000 })
      const fine = await node({ clockSkew: 5_000 })
      await fine.discovery.catalog.until(({ size }) => size === 1)
      expect((await outcome(a.discovery.syncWith(address(fast)))) as Error).toBeInstanceOf(MosaikError)
      await pass(60_000)
      for (const node of [a, fine])
        expect([...node.discovery.catalog.value].map(({ peerId }) => peerId)).toEqual([node === a ? fine.local.id : a.local.id])
      for (const node of [fast, slow]) expect(node.discovery.catalog.value.size).toBe(0)
      world.stepClock(fast, -600_000)
      world.stepClock(slow, 600_000)
      await Promise.all([a, fast, slow, fine].map(({ discovery }) => discovery.catalog.until(({ size }) => size === 3)))
    }))
})

describe('departures', () => {
  it('are seen at once, and nothing resurrects who has departed', () =>
    stage('departed', async ({ world, nodes, pass }) => {
      const [a, b, c] = await nodes(3)
      const old = b!.discovery.exportMe()
      world.partition(c!, [a!, b!]) // it does not hear of it
      const events = record(a!)
      const before = world.now
      void b!.close()
      await a!.discovery.catalog.until((catalog) => !catalog.has(b!.local.id))
      expect(world.now - before).toBeLessThan(1_000)
      expect(a!.discovery.feed(old)).toBe(false)
      world.heal()
      await a!.discovery.catalog.until((catalog) => catalog.has(c!.local.id))
      await outcome(a!.discovery.syncWith(address(c!)))
      await pass(60_000)
      expect(about(events, b!)).toEqual(['departed'])
      expect([a!, c!].map((node) => node.discovery.catalog.value.has(b!.local.id))).toEqual([false, false])
    }))

  it('a restart with the same key comes back, streams and all', () =>
    stage('restart', async ({ world, nodes }) => {
      const [a, b] = await nodes(2)
      const consumer = a!.streams.consume(Ticks)
      const { startedAt } = b!.discovery.me
      b!.streams.produce(Ticks)
      await consumer.when.subscribed()
      const events = record(a!)
      const again = await world.restart(b!) // as after SIGKILL
      expect(again.local.id).toBe(b!.local.id)
      const producer = again.streams.produce(Ticks)
      await producer.send(7)
      expect(await consumer.receive()).toBe(7)
      expect(a!.discovery.catalog.value.get(b!.local.id)!.startedAt).toBeGreaterThan(startedAt)
      expect(new Set(about(events, b!))).toEqual(new Set(['updated']))
      await again.close()
      await a!.discovery.catalog.until((catalog) => !catalog.has(again.local.id))
    }))

  it('who vanished is hidden and purged after purgeAfter, with an event', () =>
    stage('purge', async ({ world, nodes, pass }) => {
      const [a, b] = await nodes(2, { discovery: { purgeAfter: '40s' } })
      const events = record(a!)
      world.crash(b!)
      await pass(20_000)
      expect(a!.discovery.catalog.value.has(b!.local.id)).toBe(true)
      await pass(41_000)
      expect(a!.discovery.catalog.value.has(b!.local.id)).toBe(false)
      expect(about(events, b!)).toEqual(['departed'])
    }))

  it('two halves cut apart for longer than purgeAfter meet again by themselves, and keep streaming', () =>
    stage('halves', async ({ world, nodes, pass }) => {
      const [a, b] = await nodes(2)
      const producer = a!.streams.produce(Ticks)
      const consumer = b!.streams.consume(Ticks)
      await producer.when.subscribed()
      world.partition(a!)
      await pass(400_000)
      expect([a!.discovery.catalog.value.size, b!.discovery.catalog.value.size]).toEqual([0, 0])
      world.heal()
      const before = world.now
      await producer.when.subscribed()
      expect(world.now - before).toBeLessThan(15_000)
      await producer.send(1)
      expect(await consumer.receive()).toBe(1)
    }))

  it('a lonely node dials for ever: its bootstrap may come an hour later', () =>
    stage('for ever', async ({ world, pass }) => {
      const b = await world.node('acceptance')
      world.crash(b)
      const a = await world.node('acceptance', { discovery: { bootstrap: address(b) } })
      await pass(3_600_000 - 10_000)
      const before = world.now
      await world.restart(b)
      await a.discovery.catalog.until(({ size }) => size === 1)
      expect(world.now - before).toBeLessThan(12_000)
    }))
})

describe('entries by hand', () => {
  it('are kept apart: never dialled, never passed on, never purged, removed by hand, replaced by signed ones', () =>
    stage('by hand', async ({ nodes, pass }) => {
      const [a, b] = await nodes(2, { discovery: { purgeAfter: '60s' } })
      const events = record(a!)
      const entry = { ...somebody, tags: ['t'], streams: ['ticks'], groups: ['g'], tickets: [createTicket('c', 'x')] }
      expect(a!.discovery.insert(entry)).toBe(true)
      const shown = a!.discovery.catalog.value.get(nobody)!
      expect(shown).toMatchObject({
        peerId: nobody,
        networkId: a!.id,
        addresses: somebody.addresses,
        signed: false,
        tickets: [{ id: createTicket('c', 'x').id }],
      })
      expect([shown.hasTag('t'), shown.tags.has(uniqueId('t')), shown.streams.has(Ticks.id), shown.groups.has(uniqueId('g'))]).toEqual([
        true,
        true,
        true,
        true,
      ])
      expect(a!.discovery.insert({ peerId: a!.local.id, addresses: [] })).toBe(false)
      expect(a!.discovery.insert({ peerId: b!.local.id, addresses: [] })).toBe(false)
      await pass(200_000)
      await b!.discovery.syncWith(address(a!))
      expect([a!.discovery.catalog.value.has(nobody), b!.discovery.catalog.value.has(nobody)]).toEqual([true, false])
      expect([a!.discovery.remove(b!.local.id), a!.discovery.remove(nobody), a!.discovery.remove(nobody)]).toEqual([false, true, false])
      a!.discovery.insert(somebody)
      a!.discovery.clearUnsigned()
      expect(a!.discovery.catalog.value.size).toBe(1)
      await pass(1)
      expect(events.filter((event) => event.type !== 'updated').map(({ type }) => type)).toEqual([
        'discovered',
        'departed',
        'discovered',
        'departed',
      ])
    }))
})

describe('the own entry', () => {
  it('is changed at once by every mutator; what changes nothing makes no new version and sends nothing', () =>
    stage('own', async ({ world, nodes, pass }) => {
      const [a, b] = await nodes(2, { discovery: { tags: ['a', 'a'], announceInterval: '30m' } })
      const { discovery } = a!
      const [first, second, other] = [createTicket('pass', '1'), createTicket('pass', '2'), createTicket('badge', '1')]
      const versions = [discovery.me.updatedAt]
      const steps: [() => void, () => unknown, unknown][] = [
        [() => discovery.addTags('b', 'c'), () => discovery.me.hasTag('c'), true],
        [() => discovery.removeTags('b'), () => discovery.me.tags.size, 2],
        [() => discovery.addTicket(first), () => discovery.me.tickets.length, 1],
        [() => discovery.addTicket(other), () => discovery.me.tickets.length, 2],
        [
          () => discovery.replaceTicket(second),
          () => discovery.me.tickets.map(({ id }) => id).toSorted(),
          [other.id, second.id].toSorted(),
        ],
        [() => discovery.removeTicket(other.id), () => discovery.me.tickets.map(({ id }) => id), [second.id]],
        [() => discovery.removeTickets('pass'), () => discovery.me.tickets, []],
      ]
      for (const [change, look, expected] of steps) {
        change()
        expect(look()).toEqual(expected)
        expect(discovery.catalog.value.me).toBe(discovery.me)
        versions.push(discovery.me.updatedAt)
        await b!.discovery.catalog.until((catalog) => catalog.get(a!.local.id)?.updatedAt === discovery.me.updatedAt)
      }
      expect(new Set(versions).size).toBe(versions.length)
      expect(versions).toEqual(versions.toSorted((x, y) => x - y))
      await pass(5_000)
      const [me, quiet] = [discovery.me, world.trace.events]
      discovery.addTags('a', 'c')
      discovery.addTags()
      discovery.removeTags('never there')
      discovery.removeTicket(first.id)
      discovery.removeTickets('pass')
      expect(discovery.me).toBe(me)
      await pass(100)
      expect(world.trace.events - quiet).toBeLessThan(10)
    }))

  it('is public and immutable', () =>
    stage('immutable', async ({ nodes }) => {
      const [a, b] = await nodes(2)
      a!.discovery.addTicket(createTicket('c', 'x'))
      const seen = await b!.discovery.catalog.until((catalog) => catalog.get(a!.local.id)?.tickets.length === 1)
      const entry = seen.get(a!.local.id)!
      expect(() => (entry.addresses as string[]).push('x')).toThrow(TypeError)
      expect(() => Object.assign(entry, { signed: false })).toThrow(TypeError)
      expect(JSON.parse(JSON.stringify(entry)).peerId).toBe(a!.local.id)
    }))

  it('of 500 tags and a ticket of 16 KiB reaches everyone', () =>
    stage('large', async ({ nodes }) => {
      const all = await nodes(6)
      all[5]!.discovery.addTags(...Array.from({ length: 500 }, (_, i) => `tag ${i}`))
      all[5]!.discovery.addTicket(createTicket('quote', new Uint8Array(16 * 1024).fill(7)))
      await Promise.all(
        all.slice(0, 5).map(({ discovery }) =>
          discovery.catalog.until((catalog) => {
            const entry = catalog.get(all[5]!.local.id)
            return entry?.tags.size === 500 && entry.tickets[0]?.data.length === 16 * 1024 && entry.hasTag('tag 499')
          }),
        ),
      )
    }))
})

describe('events and the catalog', () => {
  it('subscribe at the call; a reader that fell behind gets lagged, then the newest; abort rejects with the reason', () =>
    stage('events', async ({ node }) => {
      const a = await node({ discovery: { eventsBacklog: 2 } })
      const events = a.discovery.events()
      const peers = ['p', 'q', 'r', 's'].map((name) => peerIdOf(secretKey(name)))
      for (const peerId of peers) a.discovery.insert({ peerId, addresses: [] })
      const seen: DiscoveryEvent[] = []
      for await (const event of events) if (seen.push(event) === 3) break
      expect(seen).toMatchObject([
        { type: 'lagged', missed: 2 },
        { type: 'discovered', entry: { peerId: peers[2] } },
        { type: 'discovered', entry: { peerId: peers[3] } },
      ])
      const cut = new AbortController()
      const reason = { why: 'enough' }
      const waiting = outcome(
        (async () => {
          for await (const event of a.discovery.events({ signal: cut.signal })) throw new Error(`got ${event.type}`)
        })(),
      )
      cut.abort(reason)
      expect(await waiting).toBe(reason)
    }))

  it('the catalog is a watch: the latest wins, waits abort with the reason', () =>
    stage('watch', async ({ node }) => {
      const a = await node()
      const { catalog } = a.discovery
      const sizes: number[] = []
      const following = (async () => {
        for await (const { size } of catalog) if (sizes.push(size) && size === 3) break
      })()
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
      const changed = catalog.changed()
      for (const name of ['p', 'q', 'r']) a.discovery.insert({ peerId: peerIdOf(secretKey(name)), addresses: [] })
      expect((await changed).size).toBeGreaterThan(0)
      await following
      expect([sizes[0], sizes.at(-1)]).toEqual([0, 3])
      expect(sizes.length).toBeLessThan(4)
      expect([...catalog.value].length).toBe(catalog.value.size)
      const reason = new Error('mine')
      expect(await outcome(catalog.until(() => false, { signal: AbortSignal.abort(reason) }))).toBe(reason)
      expect(await outcome(catalog.changed({ signal: AbortSignal.abort(reason) }))).toBe(reason)
      expect(await stateOf(catalog.until(({ size }) => size === 3))).toBe('resolved')
    }))

  it('maxRtt hides who is slower, from the catalog and from streams; rtt still answers', () =>
    stage('maxRtt', async ({ world, nodes }) => {
      const [a, b, c] = await nodes(3, { discovery: { maxRtt: '100ms', rttProbeInterval: '2s' } })
      world.shapePath(a!, b!, { latency: 5, jitter: 0 })
      world.shapePath(a!, c!, { latency: 10, jitter: 0 })
      const consumer = a!.streams.consume(Ticks)
      b!.streams.produce(Ticks)
      c!.streams.produce(Ticks)
      await consumer.when.subscribed({ minimumOf: 2 })
      world.shapePath(a!, c!, { latency: 400 })
      await a!.discovery.catalog.until((catalog) => !catalog.has(c!.local.id))
      const { value } = a!.discovery.catalog
      expect([value.size, [...value].length, value.get(c!.local.id)]).toEqual([1, 1, undefined])
      expect(a!.discovery.rtt(c!.local.id)).toBeGreaterThan(100)
      await consumer.when.unmet({ minimumOf: 2 })
      world.shapePath(a!, c!, { latency: 10 })
      await consumer.when.subscribed({ minimumOf: 2 })
    }))
})
