import { describe, expect, test } from 'vitest'
import { defineStream } from '../src/index.ts'
import { collect, range, scenario, take } from './support/world.ts'

const Numbers = defineStream<number>('numbers')

describe('a consumer comes back', () => {
  test('after a lost connection, within a second; both ends call it 103', () =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers)
      const consumer = b.streams.consume(Numbers)
      await consumer.when.subscribed()
      await world.pass('10s')
      const [outlet] = producer.consumers
      const [inlet] = consumer.producers
      world.sim.breakConnection(a.endpoint, b.endpoint)
      expect(await inlet?.closed).toMatchObject({ code: 103, name: 'UnexpectedClose' })
      expect(await outlet?.closed).toMatchObject({ code: 103, name: 'UnexpectedClose' })
      const before = b.endpoint.clock.monotonic()
      await consumer.when.subscribed()
      expect(b.endpoint.clock.monotonic() - before).toBeLessThan(1000)
      expect(producer.consumers.length).toBe(1)
    }))

  test('a quiet connection that lasted longer than giveUpAfter does not count as failing', () =>
    scenario(async ({ world, a, b }) => {
      a.streams.produce(Numbers)
      const consumer = b.streams.consume(Numbers, { backoff: { giveUpAfter: '10s' } })
      await consumer.when.subscribed()
      await world.pass('60s')
      world.sim.breakConnection(a.endpoint, b.endpoint)
      await consumer.when.unsubscribed()
      await world.pass('1s')
      expect(consumer.producers[0]?.state).toBe('connected')
    }))

  test('with growing delays, until it gives up; then at a sign of life', () =>
    scenario(async ({ world, a, b }) => {
      let attempts = 0
      a.streams.produce(Numbers, { require: () => (attempts++, false) })
      const consumer = b.streams.consume(Numbers, { backoff: { initial: 100, factor: 2, jitter: 0, max: '2s', giveUpAfter: '20s' } })
      await world.pass('1s')
      const early = attempts
      expect(early).toBeGreaterThanOrEqual(3)
      await world.pass('60s')
      const total = attempts
      expect(total).toBeLessThan(18)
      expect(consumer.producers).toEqual([])
      await world.pass('60s')
      expect(attempts).toBe(total)
      a.discovery.announce() // no news in it
      await world.pass('5s')
      expect(attempts).toBe(total)
      a.discovery.addTags('new')
      await world.pass('100ms')
      expect(attempts).toBeGreaterThan(total)
    }))

  test('when it has caught up after it was given up for being slow', () =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers, { bufferSize: 1 })
      const consumer = b.streams.consume(Numbers, { bufferSize: 2, backoff: { initial: '1s', factor: 1, jitter: 0, giveUpAfter: '3s' } })
      const sending = (async () => {
        for (const n of range(0, 12)) await producer.send(n)
      })()
      await world.pass('120s')
      expect(consumer.producers).toEqual([])
      await world.pass('120s')
      expect(producer.consumers).toEqual([])
      expect(await take(consumer, 2)).toEqual([0, 1])
      await consumer.when.subscribed()
      const { got } = collect(consumer)
      await sending
      await world.pass('1s')
      expect(got.at(-1)).toBe(11)
    }))

  test('when it was given up for being slow and had nothing left to read', () =>
    scenario(async ({ world, a, b, c }) => {
      const producer = a.streams.produce(Numbers, { bufferSize: 1 })
      const fast = c.streams.consume(Numbers)
      await fast.when.subscribed()
      const consumer = b.streams.consume(Numbers, { bufferSize: 1, backoff: { initial: '1s', factor: 1, jitter: 0, giveUpAfter: '3s' } })
      const { got } = collect(consumer)
      for (let i = 0; i < 20; i++) {
        await consumer.when.subscribed()
        const [channel] = consumer.producers
        for (const n of range(0, 3)) await producer.send(n) // one more than fits
        expect(await channel?.closed).toMatchObject({ code: 10413 })
        await take(fast, 3)
        await world.pass('10ms')
      }
      await consumer.when.subscribed()
      expect(got.length).toBe(20)
    }))

  test('at once when a connection to the lost producer is there again', () =>
    scenario(async ({ world, a, b }) => {
      a.streams.produce(Numbers)
      const consumer = b.streams.consume(Numbers, { backoff: { initial: '10m', max: '10m', jitter: 0 } })
      await consumer.when.subscribed()
      world.sim.breakConnection(a.endpoint, b.endpoint)
      await consumer.when.unsubscribed()
      await world.pass('60s')
      expect(consumer.producers[0]?.state).toBe('connecting')
      await a.endpoint.connect(b.endpoint.addresses[0] ?? '')
      await world.pass('100ms')
      expect(consumer.producers[0]?.state).toBe('connected')
    }))

  test('to a producer that was started again on the same node', () =>
    scenario(async ({ world, a, b }) => {
      const consumer = b.streams.consume(Numbers)
      for (const n of range(0, 5)) {
        const producer = a.streams.produce(Numbers)
        await producer.send(n)
        await producer.close()
        await world.pass('20s')
      }
      expect(await take(consumer, 5)).toEqual(range(0, 5))
    }))

  test('while its only producer is being retried it is offline, and its uptime stops', () =>
    scenario(async ({ world, a, b }) => {
      a.streams.produce(Numbers)
      const consumer = b.streams.consume(Numbers, { onlineWhen: { minimumOf: 1 } })
      await consumer.when.online()
      await world.pass('5s')
      expect(consumer.stats.uptime).toBeGreaterThan(4900)
      const cut = world.sim.partition(a.endpoint)
      await consumer.when.offline()
      expect(consumer.isOnline).toBe(false)
      expect(consumer.stats.uptime).toBeUndefined()
      expect(consumer.producers[0]?.stats.uptime).toBeUndefined()
      await world.pass('30s')
      cut()
      await consumer.when.online()
    }))
})

describe('nothing is delivered twice', () => {
  test.for(range(1, 9))('while a tag that the consumer requires is toggled fast (seed %i)', (seed) =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers, { lagging: 'wait' })
      const consumer = b.streams.consume(Numbers, { require: (peer) => peer.hasTag('on') })
      const { got, done } = collect(consumer)
      let stop = false
      const sending = (async () => {
        for (let n = 0; !stop; n++) {
          await producer.send(n).catch(() => {})
          await world.pass('1ms')
        }
      })()
      for (let i = 0; i < 100; i++) {
        if (i % 2 === 0) a.discovery.addTags('on')
        else a.discovery.removeTags('on')
        await world.pass(`${1 + Math.floor(world.sim.prng.float() * 60)}ms`)
      }
      stop = true
      await world.pass('1s')
      await producer.close()
      await sending
      await consumer.close()
      await done
      expect(got).toEqual([...new Set(got)].sort((x, y) => x - y)) // in order, each once
      expect(got.length).toBeGreaterThan(50)
    }, seed),
  )

  test('when a node subscribes anew before its producer has noticed the loss, the old subscription makes place', () =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers, { maxConsumers: 1 })
      const first = b.streams.consume(Numbers)
      await first.when.subscribed()
      const [outlet] = producer.consumers
      void first.close()
      const second = b.streams.consume(Numbers)
      await second.when.subscribed()
      expect(await outlet?.closed).toMatchObject({ code: 102, name: 'Cancelled' })
      expect(producer.consumers.length).toBe(1)
      await producer.send(1)
      expect(await second.receive()).toBe(1)
      await world.pass('1s')
      expect(second.tryReceive()).toEqual({ ok: false, reason: 'empty' })
    }))
})
