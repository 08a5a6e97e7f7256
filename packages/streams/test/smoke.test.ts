import { describe, expect, test } from 'vitest'
import { defineStream } from '../src/index.ts'
import { twoNodes } from './support/world.ts'

describe('one producer and one consumer', () => {
  test('data arrive in order, and both ends close with the same reason', async () => {
    await using pair = await twoNodes()
    const { world, a, b } = pair
    const Numbers = defineStream<number>('numbers')
    const producer = a.streams.produce(Numbers)
    const consumer = b.streams.consume(Numbers)
    const got: number[] = []
    await world.run(async () => {
      const reading = (async () => {
        for await (const n of consumer) got.push(n)
      })()
      for (let i = 0; i < 5000; i++) await producer.send(i)
      const [outlet] = producer.consumers
      const [inlet] = consumer.producers
      expect(outlet?.state).toBe('connected')
      await producer.close()
      expect(await outlet?.closed).toMatchObject({ code: 204, name: 'GracefulShutdown' })
      expect(await inlet?.closed).toMatchObject({ code: 204, name: 'GracefulShutdown' })
      await world.sim.clock
      await consumer.close()
      await reading
    })
    expect(got).toEqual(Array.from({ length: 5000 }, (_, i) => i))
    expect(producer.stats).toMatchObject({ datums: 5000, dropped: 0 })
    expect(consumer.stats).toMatchObject({ datums: 5000, dropped: 0 })
    expect(consumer.stats.bytes).toBe(producer.stats.bytes)
  })
})
