import { describe, expect, test } from 'vitest'
import { defineStream } from '../src/index.ts'
import { range, scenario, take } from './support/world.ts'

const Numbers = defineStream<number>('numbers')
const Objects = defineStream<{ n: number; bytes: Uint8Array }>('objects')

describe('consumers of one stream on one node', () => {
  test('share one subscription per producer; each gets everything, in objects of its own', () =>
    scenario(async ({ a, b }) => {
      const producer = a.streams.produce(Objects, { maxConsumers: 1 })
      const consumers = [b.streams.consume(Objects), b.streams.consume(Objects), b.streams.consume(Objects)]
      await Promise.all(consumers.map((consumer) => consumer.when.subscribed()))
      expect(producer.consumers.length).toBe(1)
      await producer.send({ n: 1, bytes: Uint8Array.of(1, 2) })
      const got = await Promise.all(consumers.map((consumer) => consumer.receive()))
      expect(got).toEqual(consumers.map(() => ({ n: 1, bytes: Uint8Array.of(1, 2) })))
      got[0]?.bytes.fill(9)
      expect(got[1]?.bytes).toEqual(Uint8Array.of(1, 2))
      expect(producer.stats.datums).toBe(1)
    }))

  test('bytes of a pass-through codec are not shared either', () =>
    scenario(async ({ a, b }) => {
      const Blobs = defineStream<Uint8Array>('blobs', { encode: (bytes) => bytes, decode: (bytes) => bytes })
      const producer = a.streams.produce(Blobs)
      const consumers = [b.streams.consume(Blobs), b.streams.consume(Blobs)]
      await Promise.all(consumers.map((consumer) => consumer.when.subscribed()))
      await producer.send(Uint8Array.of(1, 2))
      const [one, two] = await Promise.all(consumers.map((consumer) => consumer.receive()))
      one?.fill(9)
      expect(two).toEqual(Uint8Array.of(1, 2))
    }))

  test('with equal criteria they share, however those are written; with others they do not', () =>
    scenario(async ({ a, b }) => {
      const producer = a.streams.produce(Objects)
      const consumers = [
        b.streams.consume(Objects, { where: { n: { gt: 1, lt: 5 } } }),
        b.streams.consume(Objects, { where: { n: { lt: 5, gt: 1 } } }),
        b.streams.consume(Objects, { where: { n: 7 } }),
      ]
      await Promise.all(consumers.map((consumer) => consumer.when.subscribed()))
      expect(producer.consumers.length).toBe(2)
      await producer.send({ n: 2, bytes: new Uint8Array(0) })
      await producer.send({ n: 7, bytes: new Uint8Array(0) })
      expect((await Promise.all(consumers.map((consumer) => consumer.receive()))).map(({ n }) => n)).toEqual([2, 2, 7])
    }))

  test.for(['disconnect', 'drop'] as const)('under %s one that does not read holds up nobody', (lagging) =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers, { lagging, bufferSize: 4 })
      const idle = b.streams.consume(Numbers, { bufferSize: 8 })
      const busy = b.streams.consume(Numbers, { bufferSize: 8 })
      await Promise.all([idle.when.subscribed(), busy.when.subscribed()])
      const [outlet] = producer.consumers
      const [channel] = idle.producers
      const sending = (async () => {
        for (const n of range(0, 100)) await producer.send(n)
      })()
      expect(await take(busy, 100)).toEqual(range(0, 100))
      await sending
      expect(outlet?.state).toBe('connected')
      if (lagging === 'drop') {
        expect(idle.stats.dropped).toBe(92)
        expect(busy.stats.dropped).toBe(0)
        expect(channel?.state).toBe('connected')
      } else {
        expect(await channel?.closed).toMatchObject({ code: 10413, name: 'TooSlow' })
        await world.pass('5s')
        expect(producer.consumers.length).toBe(1)
        expect(idle.producers[0]?.state).toBe('connected') // back behind the same subscription, with what it had
      }
      expect(await take(idle, 8)).toEqual(range(0, 8))
    }),
  )

  test('under wait they go at the pace of the slower one and miss nothing', () =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers, { lagging: 'wait', bufferSize: 4 })
      const slow = b.streams.consume(Numbers, { bufferSize: 3 })
      const fast = b.streams.consume(Numbers, { bufferSize: 100 })
      await Promise.all([slow.when.subscribed(), fast.when.subscribed()])
      let sent = 0
      const sending = (async () => {
        for (const n of range(0, 50)) {
          await producer.send(n)
          sent += 1
        }
      })()
      await world.pass('5s')
      expect(sent).toBe(7)
      expect(await take(slow, 50)).toEqual(range(0, 50))
      await sending
      expect(await take(fast, 50)).toEqual(range(0, 50))
    }))

  test('the subscription lasts as long as one of them wants it', () =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers)
      const first = b.streams.consume(Numbers)
      const second = b.streams.consume(Numbers, { require: (peer) => peer.hasTag('ok') })
      await first.when.subscribed()
      a.discovery.addTags('ok')
      await second.when.subscribed()
      const [outlet] = producer.consumers
      await first.close()
      await producer.send(1)
      expect(await second.receive()).toBe(1)
      expect(outlet?.state).toBe('connected')
      a.discovery.removeTags('ok')
      await second.when.unsubscribed()
      await world.pass('1s')
      expect(await outlet?.closed).toMatchObject({ code: 10403, name: 'NotAllowed' })
      expect(producer.consumers).toEqual([])
    }))

  test('one that comes later gets every datum sent from then on', () =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers)
      const first = b.streams.consume(Numbers)
      await first.when.subscribed()
      await producer.send(1)
      await world.pass('1s')
      const second = b.streams.consume(Numbers)
      expect(second.producers[0]?.state).toBe('connected')
      await producer.send(2)
      expect(await second.receive()).toBe(2)
      expect(await take(first, 2)).toEqual([1, 2])
    }))
})
