import type { CloseReason } from '@mosaik/core'
import type { Network } from '@mosaik/node'
import type { SimWorld } from '@mosaik/node/testing'
import { defineStream } from '@mosaik/streams'
import type { Consumer, Producer } from '@mosaik/streams'
import { describe, expect, it } from 'vitest'
import { codeOf, drain, fill, outcome, stage, stateOf, take } from './support.ts'

const Ticks = defineStream<number>('ticks')

interface Scene {
  readonly world: SimWorld
  readonly a: Network
  readonly b: Network
  readonly producer: Producer<number>
  readonly consumer: Consumer<number>
}

const endings: readonly [string, code: number, (scene: Scene) => unknown][] = [
  ['the producer closes', 204, ({ producer }) => producer.close()],
  ["the producer's streams close", 204, ({ a }) => a.streams.close()],
  ["the producer's network closes", 204, ({ a }) => a.close()],
  ["the consumer's network closes", 204, ({ b }) => b.close()],
  ['the consumer closes', 102, ({ consumer }) => consumer.close()],
  ['the consumer no longer satisfies the rule', 10403, ({ b }) => b.discovery.removeTags('good')],
  ['the producer no longer satisfies the rule', 10403, ({ a }) => a.discovery.removeTags('good')],
  ['both no longer satisfy the rules', 10403, ({ a, b }) => (a.discovery.removeTags('good'), b.discovery.removeTags('good'))],
  ['the connection breaks', 103, ({ world, a, b }) => world.breakConnection(a, b)],
  ['they are cut apart', 103, ({ world, a }) => world.partition(a)],
]

describe('closed resolves with the same reason at both ends', () => {
  it.each(endings)('when %s: %i', (_name, code, end) =>
    stage(1, async ({ world, node }) => {
      const [a, b] = [await node({ discovery: { tags: 'good' } }), await node({ discovery: { tags: 'good' } })]
      const rule = { require: (peer: { hasTag(text: string): boolean }) => peer.hasTag('good') }
      const producer = a.streams.produce(Ticks, rule)
      const consumer = b.streams.consume(Ticks, rule)
      await Promise.all([producer.when.subscribed(), consumer.when.subscribed()])
      const [here, there] = [producer.consumers[0]!, consumer.producers[0]!]
      expect([here.peerId, there.peerId, here.state, there.state]).toEqual([b.local.id, a.local.id, 'connected', 'connected'])
      expect([await stateOf(here.closed), await stateOf(there.closed)]).toEqual(['pending', 'pending'])
      await producer.send(1)
      await consumer.receive()
      void end({ world, a, b, producer, consumer })
      const reasons: readonly CloseReason[] = await Promise.all([here.closed, there.closed])
      expect(reasons.map((reason) => reason.code)).toEqual([code, code])
      expect(reasons[0]!.name).toBe(reasons[1]!.name)
      expect([here.state, there.state]).toEqual(['terminated', 'terminated'])
      expect([producer.consumers.includes(here), consumer.producers.includes(there)]).toEqual([false, false])
      expect([here.stats.uptime, there.stats.uptime]).toEqual([undefined, undefined])
      expect([here.stats.datums, there.stats.datums]).toEqual([1, 1])
    }),
  )

  it('when a process dies without a word: 103 at the one that lives', () =>
    stage(2, async ({ world, nodes }) => {
      const [a, b] = await nodes(2)
      const producer = a!.streams.produce(Ticks)
      b!.streams.consume(Ticks)
      await producer.when.subscribed()
      const channel = producer.consumers[0]!
      world.crash(b!)
      expect(await channel.closed).toMatchObject({ code: 103, name: 'UnexpectedClose' })
      expect(world.now).toBeLessThan(10_000)
    }))
})

describe('a producer that closes', () => {
  it('delivers everything already sent, in order, before it says 204; a slow reader included', () =>
    stage(10, async ({ nodes, pass }) => {
      const [a, b, c] = await nodes(3)
      const producer = a!.streams.produce(Ticks, { bufferSize: 512 })
      const slow = b!.streams.consume(Ticks, { bufferSize: 8 })
      const quick = c!.streams.consume(Ticks)
      await Promise.all([producer.when.subscribed({ minimumOf: 2 }), slow.when.subscribed(), quick.when.subscribed()])
      const channels = [...producer.consumers]
      for (let n = 0; n < 200; n += 1) expect(producer.trySend(n)).toEqual({ ok: true })
      const closed = producer.close()
      const got: number[] = []
      while (got.length < 200) {
        got.push(await slow.receive())
        await pass(5)
      }
      await closed
      const all = Array.from({ length: 200 }, (_, n) => n)
      expect(got).toEqual(all)
      expect(drain(quick)).toEqual(all)
      for (const channel of channels) expect(await channel.closed).toMatchObject({ code: 204 })
    }))

  it('is bounded when a consumer does not read, and un-advertises the stream at once', () =>
    stage(11, async ({ world, nodes }) => {
      const [a, b] = await nodes(2)
      const producer = a!.streams.produce(Ticks, { bufferSize: 64, lagging: 'wait' })
      b!.streams.consume(Ticks, { bufferSize: 1 })
      await producer.when.subscribed()
      fill(producer)
      expect(a!.discovery.me.streams.has(Ticks.id)).toBe(true)
      const before = world.now
      const closed = producer.close()
      expect(a!.discovery.me.streams.has(Ticks.id)).toBe(false)
      expect(producer.isOnline).toBe(false)
      await closed
      expect(world.now - before).toBeLessThan(5_000)
      await b!.discovery.catalog.until((catalog) => catalog.get(a!.local.id)?.streams.size === 0)
    }))

  it('can be followed by another of the same stream, which gets the consumers', () =>
    stage(12, async ({ nodes }) => {
      const [a, b] = await nodes(2)
      const first = a!.streams.produce(Ticks)
      const consumer = b!.streams.consume(Ticks)
      await consumer.when.subscribed()
      expect(await outcome((async () => a!.streams.produce(Ticks))())).toMatchObject({ code: 'ERR_ALREADY_EXISTS', existing: first })
      await first.send(1)
      void first.close()
      const second = a!.streams.produce(Ticks)
      await second.send(2)
      expect(await take(consumer, 2)).toEqual([1, 2])
      await first.close()
      expect(second.isOnline).toBe(true)
      expect(a!.discovery.me.streams.has(Ticks.id)).toBe(true)
    }))
})

describe('closed streams', () => {
  it('produce and consume throw ERR_CLOSED, and everything that waited is rejected', () =>
    stage(20, async ({ nodes }) => {
      const [a] = await nodes(1)
      const producer = a!.streams.produce(Ticks)
      const consumer = a!.streams.consume(Ticks)
      const waits = [producer.send(1), producer.when.online(), consumer.receive(), consumer.when.subscribed()].map((wait) => codeOf(wait))
      await Promise.all([a!.streams.close(), a!.streams.close(), a!.streams[Symbol.asyncDispose]()])
      expect(await Promise.all(waits)).toEqual(['ERR_CLOSED', 'ERR_CLOSED', 'ERR_CLOSED', 'ERR_CLOSED'])
      expect(await codeOf(() => a!.streams.produce(Ticks))).toBe('ERR_CLOSED')
      expect(await codeOf(() => a!.streams.consume(Ticks))).toBe('ERR_CLOSED')
      expect(a!.discovery.me.streams.size).toBe(0)
    }))

  it('when discovery closes underneath, everything settles too', () =>
    stage(21, async ({ nodes }) => {
      const [a, b] = await nodes(2)
      const producer = a!.streams.produce(Ticks)
      const consumer = b!.streams.consume(Ticks)
      await producer.when.subscribed()
      const waits = [consumer.receive(), consumer.when.subscribed({ minimumOf: 2 })].map((wait) => codeOf(wait))
      await b!.discovery.close()
      expect(await Promise.all(waits)).toEqual(['ERR_CLOSED', 'ERR_CLOSED'])
      await producer.when.unsubscribed()
    }))

  it('a network that closes does all of that, ends events, and does it once', () =>
    stage(22, async ({ nodes }) => {
      const [a, b] = await nodes(2)
      const producer = a!.streams.produce(Ticks)
      const consumer = b!.streams.consume(Ticks)
      await producer.when.subscribed()
      const ended = (async () => {
        for await (const _ of a!.discovery.events());
        return 'ended'
      })()
      const followed = (async () => {
        for await (const _ of a!.discovery.catalog);
        return 'ended'
      })()
      const waits = [
        producer.when.subscribed({ minimumOf: 9 }),
        producer.condition({ minimumOf: 9 }).changed(),
        a!.discovery.catalog.until(() => false),
        a!.local.online(),
        a!.streams.consume(Ticks).receive(),
      ].map((wait) => codeOf(wait))
      for (let n = 0; n < 100; n += 1) await producer.send(n)
      await Promise.all([a!.close(), a!.close({ timeout: 1 }), a![Symbol.asyncDispose]()])
      expect(await Promise.all(waits)).toEqual(Array.from(waits, () => 'ERR_CLOSED'))
      expect([await ended, await followed]).toEqual(['ended', 'ended'])
      expect(await codeOf(a!.local.online())).toBe('ERR_CLOSED')
      expect(await codeOf(() => a!.streams.produce(Ticks))).toBe('ERR_CLOSED')
      expect(await codeOf(a!.discovery.syncWith(b!.local.addresses[0]!))).toBe('ERR_CLOSED')
      for (const late of [() => a!.discovery.dial(b!.local.addresses[0]!), () => a!.discovery.addTags('x')])
        expect(await codeOf(late)).toBe('ERR_CLOSED')
      expect(a!.discovery.feed(b!.discovery.exportMe())).toBe(false)
      await b!.discovery.catalog.until((catalog) => !catalog.has(a!.local.id))
      expect(drain(consumer).length).toBe(100)
    }))

  it('a network closes within its bound whoever is in the way', () =>
    stage(23, async ({ world, nodes }) => {
      const [a, b, c] = await nodes(3)
      const producer = a!.streams.produce(Ticks, { lagging: 'wait' })
      b!.streams.consume(Ticks, { bufferSize: 1 })
      c!.streams.consume(Ticks, { bufferSize: 1 })
      await producer.when.subscribed({ minimumOf: 2 })
      fill(producer)
      world.pause(b!)
      const before = world.now
      await a!.close()
      expect(world.now - before).toBeLessThan(5_500)
      const again = world.now
      await c!.close({ timeout: 200 })
      expect(world.now - again).toBeLessThan(700)
    }))
})

describe('stats', () => {
  it('of channels count what passed, of consumers what the application took, of producers each datum once', () =>
    stage(30, async ({ nodes, pass }) => {
      const [a, b, c] = await nodes(3)
      const producer = a!.streams.produce(Ticks, { onlineWhen: { minimumOf: 2 } })
      const [one, two] = [b!.streams.consume(Ticks), c!.streams.consume(Ticks)]
      await Promise.all([producer.when.online(), one.when.subscribed(), two.when.subscribed()])
      for (const n of [1, 2, 1000]) await producer.send(n)
      await pass(1_000)
      await one.receive()
      const bytes = 1 + 1 + 3 // CBOR of 1, 2 and 1000
      expect(producer.stats).toMatchObject({ datums: 3, bytes, dropped: 0 })
      for (const channel of [...producer.consumers, ...one.producers, ...two.producers]) {
        expect(channel.stats).toMatchObject({ datums: 3, bytes, dropped: 0 })
        expect(channel.stats.uptime).toBeGreaterThanOrEqual(1_000)
      }
      expect([one.stats.datums, one.stats.bytes, two.stats.datums]).toEqual([1, 1, 0])
      expect(one.stats.uptime).toBeGreaterThanOrEqual(1_000)
      expect(producer.stats.uptime).toBeGreaterThanOrEqual(1_000)
    }))
})
