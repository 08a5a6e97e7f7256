import { MosaikError } from '@mosaik/core'
import type { Codec } from '@mosaik/core'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineStream } from '../src/index.ts'
import { collect, isPending, range, scenario, take } from './support/world.ts'

const Numbers = defineStream<number>('numbers')
const Bytes: Codec<Uint8Array> = { encode: (bytes) => bytes, decode: (bytes) => bytes }

describe('send', () => {
  test('started while offline, it completes when the first consumer joins, with nothing else running', () =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers)
      const sent = producer.send(7)
      await world.pass('30s')
      expect(await isPending(sent)).toBe(true)
      const consumer = b.streams.consume(Numbers)
      await sent
      expect(await consumer.receive()).toBe(7)
    }))

  test('a buffer of one carries a thousand sends: none is refused, none is lost', () =>
    scenario(async ({ a, b }) => {
      const producer = a.streams.produce(Numbers, { bufferSize: 1, lagging: 'wait' })
      const consumer = b.streams.consume(Numbers, { bufferSize: 1 })
      const sent = Promise.all(range(0, 1000).map((n) => producer.send(n)))
      expect(await take(consumer, 1000)).toEqual(range(0, 1000))
      await sent
    }))

  test.for(['disconnect', 'drop', 'wait'] as const)(
    'under %s a sole consumer that does not read holds no more than both buffers',
    (lagging) =>
      scenario(async ({ world, a, b }) => {
        const producer = a.streams.produce(Numbers, { bufferSize: 8, lagging })
        const consumer = b.streams.consume(Numbers, { bufferSize: 5 })
        await producer.when.online()
        let sent = 0
        const sending = (async () => {
          for (const n of range(0, 40)) {
            await producer.send(n)
            sent += 1
          }
        })()
        await world.pass('2s')
        expect(sent).toBe(13)
        expect(producer.trySend(99)).toEqual({ ok: false, reason: 'full', datum: 99 })
        // every item taken makes room for exactly one more
        expect(await consumer.receive()).toBe(0)
        await world.pass('1s')
        expect(sent).toBe(14)
        expect(await take(consumer, 39)).toEqual(range(1, 40))
        await sending
        expect(producer.stats.dropped).toBe(0)
      }),
  )

  test('sends take effect in call order, also when some are aborted', () =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers, { bufferSize: 1, lagging: 'wait' })
      const abort = new AbortController()
      const sends = range(0, 10).map((n) => producer.send(n, n % 3 === 1 ? { signal: abort.signal } : {}))
      const aborted = sends.filter((_, n) => n % 3 === 1).map((send) => expect(send).rejects.toThrow('no longer'))
      await world.pass('1s')
      abort.abort(new Error('no longer'))
      await Promise.all(aborted)
      const consumer = b.streams.consume(Numbers, { bufferSize: 1 })
      expect(await take(consumer, 7)).toEqual([0, 2, 3, 5, 6, 8, 9])
      await expect(producer.send(1, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before')
    }))

  test('trySend says why not, and hands the datum back', () =>
    scenario(async ({ a, b }) => {
      const producer = a.streams.produce(Numbers)
      expect(producer.trySend(1)).toEqual({ ok: false, reason: 'offline', datum: 1 })
      const consumer = b.streams.consume(Numbers)
      await producer.when.online()
      expect(producer.trySend(2)).toEqual({ ok: true })
      expect(await consumer.receive()).toBe(2)
      await producer.close()
      expect(producer.trySend(3)).toEqual({ ok: false, reason: 'closed', datum: 3 })
    }))

  test('a close rejects what waits, with its datum', () =>
    scenario(async ({ a }) => {
      const producer = a.streams.produce(Numbers)
      const sends = [producer.send(1), producer.send(2)].map((send) => send.catch((error: unknown) => error))
      await producer.close()
      for (const [i, error] of (await Promise.all(sends)).entries()) {
        expect(MosaikError.is(error, 'ERR_CLOSED')).toBe(true)
        expect((error as MosaikError).datum).toBe(i + 1)
      }
      await expect(producer.send(3)).rejects.toMatchObject({ code: 'ERR_CLOSED', datum: 3 })
    }))
})

describe('what is sent', () => {
  test('a datum that does not validate is refused at the producer', () =>
    scenario(async ({ a, b }) => {
      const Orders = defineStream('orders', z.object({ price: z.number() }))
      const producer = a.streams.produce(Orders)
      const bad = { price: 'high' } as never
      await expect(producer.send(bad)).rejects.toMatchObject({ code: 'ERR_INVALID_DATUM', datum: bad })
      expect(() => producer.trySend(bad)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_DATUM', datum: bad }))
      const consumer = b.streams.consume(Orders)
      await producer.send({ price: 5 })
      expect(await consumer.receive()).toEqual({ price: 5 })
      expect(producer.stats.datums).toBe(1)
    }))

  test('a datum that does not validate at a consumer ends that subscription; other producers are not affected', () =>
    scenario(async ({ a, b, c }) => {
      const Loose = defineStream<{ price: unknown }>('orders')
      const Strict = defineStream('orders', z.object({ price: z.number() }))
      const good = a.streams.produce(Strict)
      const bad = b.streams.produce(Loose)
      const consumer = c.streams.consume(Strict)
      await Promise.all([good.when.online(), bad.when.online()])
      const [outlet] = bad.consumers
      const inlet = consumer.producers.find(({ peerId }) => peerId === b.endpoint.id)
      await bad.send({ price: 'high' })
      expect(await inlet?.closed).toMatchObject({ code: 400, name: 'ProtocolViolation' })
      expect(await outlet?.closed).toMatchObject({ code: 400, name: 'ProtocolViolation' })
      await good.send({ price: 1 })
      expect(await consumer.receive()).toEqual({ price: 1 })
      // it comes back, for the next datum may be a good one
      await bad.when.online()
      await bad.send({ price: 2 })
      expect(await consumer.receive()).toEqual({ price: 2 })
    }))

  test('16 MiB pass, one byte more is too large', () =>
    scenario(async ({ a, b }) => {
      const Blobs = defineStream('blobs', Bytes)
      const producer = a.streams.produce(Blobs)
      const consumer = b.streams.consume(Blobs)
      await producer.when.online()
      const large = new Uint8Array(16 * 1024 * 1024 + 1)
      const refusal = (await producer.send(large).catch((error: unknown) => error)) as MosaikError
      expect([refusal.code, refusal.datum === large]).toEqual(['ERR_TOO_LARGE', true])
      expect(() => producer.trySend(large)).toThrow('at most 16777216')
      const largest = large.subarray(1).fill(3)
      for (let i = 0; i < 4; i++) await producer.send(largest)
      for (let i = 0; i < 4; i++) expect((await consumer.receive()).length).toBe(largest.length)
    }))

  test('an item of no bytes is an item', () =>
    scenario(async ({ a, b }) => {
      const Ticks = defineStream<undefined>('ticks', { encode: () => new Uint8Array(0), decode: () => undefined })
      const producer = a.streams.produce(Ticks)
      const consumer = b.streams.consume(Ticks)
      for (let i = 0; i < 3; i++) await producer.send(undefined)
      expect(await take(consumer, 3)).toEqual([undefined, undefined, undefined])
      expect(consumer.tryReceive()).toEqual({ ok: false, reason: 'empty' })
      expect(consumer.stats).toMatchObject({ datums: 3, bytes: 0 })
    }))
})

describe('lagging', () => {
  test('disconnect: one that reads is not held up by one that does not, which is ended with TooSlow', () =>
    scenario(async ({ world, a, b, c }) => {
      const producer = a.streams.produce(Numbers, { bufferSize: 16, onlineWhen: { minimumOf: 2 } })
      const fast = b.streams.consume(Numbers, { bufferSize: 16 })
      const slow = c.streams.consume(Numbers, { bufferSize: 16 })
      await producer.when.online()
      const outlet = producer.consumers.find(({ peerId }) => peerId === c.endpoint.id)
      const [inlet] = slow.producers
      const { got } = collect(fast)
      for (const n of range(0, 33)) await producer.send(n)
      expect(await outlet?.closed).toMatchObject({ code: 10413, name: 'TooSlow' })
      expect(await inlet?.closed).toMatchObject({ code: 10413, name: 'TooSlow' })
      expect(slow.stats.datums).toBe(0)
      expect(await take(slow, 16)).toEqual(range(0, 16)) // what had arrived is still there
      await world.pass('1s')
      expect(got.length).toBe(33)
    }))

  test('disconnect: a sole consumer without room for ten seconds while a send waits is cut off', () =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers, { bufferSize: 2 })
      const consumer = b.streams.consume(Numbers, { bufferSize: 2 })
      await producer.when.online()
      const [outlet] = producer.consumers
      for (const n of range(0, 4)) await producer.send(n)
      const waiting = producer.send(4)
      await world.pass('9s')
      expect(outlet?.state).toBe('connected')
      await world.pass('2s')
      expect(await outlet?.closed).toMatchObject({ code: 10413 })
      await waiting // for the next subscription, which has a queue of its own
      expect(await take(consumer, 3)).toEqual([0, 1, 4])
    }))

  test('drop: what a lagging consumer misses is counted at both ends, in the right place', () =>
    scenario(async ({ world, a, b, c }) => {
      const producer = a.streams.produce(Numbers, { bufferSize: 4, lagging: 'drop', onlineWhen: { minimumOf: 2 } })
      const fast = b.streams.consume(Numbers)
      const slow = c.streams.consume(Numbers, { bufferSize: 4 })
      await producer.when.online()
      const { got } = collect(fast)
      for (const n of range(0, 20)) await producer.send(n)
      await world.pass('1s')
      expect(got).toEqual(range(0, 20))
      expect(producer.stats).toMatchObject({ datums: 20, dropped: 12 })
      expect(await take(slow, 8)).toEqual(range(0, 8))
      await world.pass('1s')
      expect(slow.stats).toMatchObject({ datums: 8, dropped: 12 })
      expect(slow.producers[0]?.stats).toMatchObject({ datums: 8, dropped: 12 })
      await producer.send(20)
      expect(await slow.receive()).toBe(20)
      const dropped = new Map(producer.consumers.map(({ peerId, stats }) => [peerId, stats.dropped]))
      expect([dropped.get(b.endpoint.id), dropped.get(c.endpoint.id)]).toEqual([0, 12])
    }))

  test('wait: every consumer gets everything, at the pace of the slowest', () =>
    scenario(async ({ world, a, b, c }) => {
      const producer = a.streams.produce(Numbers, { bufferSize: 4, lagging: 'wait', onlineWhen: { minimumOf: 2 } })
      const fast = collect(b.streams.consume(Numbers))
      const slow = c.streams.consume(Numbers, { bufferSize: 4 })
      let sent = 0
      const sending = (async () => {
        for (const n of range(0, 20)) {
          await producer.send(n)
          sent += 1
        }
      })()
      await world.pass('60s')
      expect(sent).toBe(8)
      expect(await take(slow, 20)).toEqual(range(0, 20))
      await sending
      await world.pass('1s')
      expect(fast.got).toEqual(range(0, 20))
      expect(producer.stats.dropped).toBe(0)
    }))
})

describe('criteria', () => {
  const Orders = defineStream<{ symbol: string; price: number }>('orders')

  test('are evaluated at the producer: nothing else travels', () =>
    scenario(async ({ world, a, b }) => {
      const undelivered: number[] = []
      const producer = a.streams.produce(Orders, { undelivered: ({ price }) => undelivered.push(price) })
      const consumer = b.streams.consume(Orders, { where: { symbol: 'ETH', price: { gte: 10, lt: 20 } } })
      for (const price of range(5, 25)) await producer.send({ symbol: 'ETH', price })
      await producer.send({ symbol: 'BTC', price: 15 })
      expect((await take(consumer, 10)).map(({ price }) => price)).toEqual(range(10, 20))
      await world.pass('1s')
      expect(consumer.tryReceive().ok).toBe(false)
      expect(producer.consumers[0]?.stats.datums).toBe(10)
      expect(undelivered).toEqual([...range(5, 10), ...range(20, 25), 15])
      expect(consumer.stats.dropped).toBe(0)
    }))

  test('a consumer that a datum does not match neither lags nor is waited for', () =>
    scenario(async ({ a, b, c }) => {
      const producer = a.streams.produce(Orders, { bufferSize: 1, lagging: 'wait', onlineWhen: { minimumOf: 2 } })
      b.streams.consume(Orders, { bufferSize: 1, where: { symbol: 'BTC' } })
      const reading = c.streams.consume(Orders, { bufferSize: 1, where: { symbol: 'ETH' } })
      await producer.when.online()
      await producer.send({ symbol: 'BTC', price: 1 })
      await producer.send({ symbol: 'BTC', price: 2 })
      for (const price of range(0, 10)) {
        await producer.send({ symbol: 'ETH', price })
        expect((await reading.receive()).price).toBe(price)
      }
      expect(producer.trySend({ symbol: 'BTC', price: 3 })).toMatchObject({ ok: false, reason: 'full' })
    }))
})

describe('undelivered', () => {
  test('gets what matched nobody, never what found full queues or nobody to wait for', () =>
    scenario(async ({ world, a, b }) => {
      const lost: number[] = []
      const producer = a.streams.produce(Numbers, {
        onlineWhen: { minimumOf: 0 },
        bufferSize: 1,
        lagging: 'drop',
        undelivered: (n) => {
          lost.push(n)
          throw new Error('a careless application')
        },
      })
      expect(producer.isOnline).toBe(true)
      await producer.send(1)
      expect(producer.trySend(2)).toEqual({ ok: true })
      expect(lost).toEqual([1, 2])
      b.streams.consume(Numbers, { bufferSize: 1 })
      await producer.when.subscribed()
      await producer.send(3)
      await producer.send(4)
      expect(producer.trySend(5)).toMatchObject({ ok: false, reason: 'full' })
      await world.pass('1s')
      expect(lost).toEqual([1, 2])
    }))
})
