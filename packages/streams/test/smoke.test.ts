import { describe, expect, test } from 'vitest'
import { defineStream } from '../src/index.ts'
import { range, scenario, take } from './support/world.ts'

const Numbers = defineStream<number>('numbers')

describe('one producer and one consumer', () => {
  test('data arrive in order, and both ends close with the same reason', () =>
    scenario(async ({ a, b }) => {
      const producer = a.streams.produce(Numbers)
      const consumer = b.streams.consume(Numbers)
      const sending = (async () => {
        for (const n of range(0, 5000)) await producer.send(n)
      })()
      expect(await take(consumer, 5000)).toEqual(range(0, 5000))
      await sending
      const [outlet] = producer.consumers
      const [inlet] = consumer.producers
      expect(outlet).toMatchObject({ peerId: b.endpoint.id, state: 'connected' })
      expect(inlet).toMatchObject({ peerId: a.endpoint.id, state: 'connected' })
      await producer.close()
      expect(await outlet?.closed).toMatchObject({ code: 204, name: 'GracefulShutdown' })
      expect(await inlet?.closed).toMatchObject({ code: 204, name: 'GracefulShutdown' })
      expect([outlet?.state, inlet?.state]).toEqual(['terminated', 'terminated'])
      expect(producer.consumers).toEqual([])
      expect(producer.stats).toMatchObject({ datums: 5000, dropped: 0 })
      expect(consumer.stats).toMatchObject({ datums: 5000, dropped: 0 })
      expect(consumer.stats.bytes).toBe(producer.stats.bytes)
      expect(outlet?.stats).toMatchObject({ datums: 5000, bytes: consumer.stats.bytes })
      expect(inlet?.stats).toMatchObject({ datums: 5000, bytes: consumer.stats.bytes })
    }))

  test('a consumer gets the data of every producer, a producer reaches every consumer', () =>
    scenario(async ({ a, b, c }) => {
      const first = a.streams.produce(Numbers, { onlineWhen: { minimumOf: 2 } })
      const second = b.streams.produce(Numbers, { onlineWhen: { minimumOf: 2 } })
      const here = c.streams.consume(Numbers)
      const there = c.streams.consume(Numbers, { where: {} as never })
      const other = b.streams.consume(Numbers)
      expect(
        await Promise.race([
          second.when.online().then(() => 'online'),
          c.endpoint.clock.after(1, () => {}) && first.when.online().then(() => 'first'),
        ]),
      ).toBe('first')
      await first.send(1)
      expect([await here.receive(), await there.receive(), await other.receive()]).toEqual([1, 1, 1])
      expect(second.isOnline).toBe(false) // one subscription: c's two consumers share it, and b does not hear itself
      expect(second.consumers.length).toBe(1)
    }))
})
