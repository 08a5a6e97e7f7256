import { createMetrics, MosaikError } from '@mosaik/core'
import type { Codec } from '@mosaik/core'
import { expect, test } from 'vitest'
import { defineStream } from '../src/index.ts'
import type { Consumer, Producer } from '../src/index.ts'
import { isPending, range, scenario, take } from './support/world.ts'

const Numbers = defineStream<number>('numbers')

test('a producer that stops offering its stream and keeps the subscription is still judged', () =>
  scenario(async ({ world, a, b }) => {
    a.discovery.addTags('good')
    a.streams.produce(Numbers)
    const consumer = b.streams.consume(Numbers, { require: (peer) => peer.hasTag('good') })
    await consumer.when.subscribed()
    const [inlet] = consumer.producers
    a.discovery.advertise({ stream: Numbers.id })() // withdraws what the producer offers
    await world.pass('100ms')
    expect(inlet?.state).toBe('connected') // what was sent still comes
    a.discovery.removeTags('good')
    await world.pass('100ms')
    expect(inlet?.state).toBe('terminated')
    expect(await inlet?.closed).toMatchObject({ code: 10403 })
  }))

test.for(['connecting', 'connected'] as const)(
  'a consumer closed by its own predicate, its subscription being %s, leaves nothing behind',
  (state) =>
    scenario(async ({ world, a }) => {
      const metrics = createMetrics()
      const d = await world.node({ metrics })
      const producer = a.streams.produce(Numbers)
      await world.pass('100ms')
      const keeper = state === 'connected' ? d.streams.consume(Numbers) : undefined
      await keeper?.when.subscribed()
      const made: Consumer<number>[] = []
      const where = (): boolean => {
        void made[0]?.close()
        return false
      }
      const closing = d.streams.consume(Numbers, { onlineWhen: { minimumOf: 1, where }, require: (peer) => peer.hasTag('news') })
      made.push(closing)
      await world.pass('1s')
      a.discovery.addTags('news')
      await world.pass('5s')
      expect(closing.tryReceive()).toEqual({ ok: false, reason: 'closed' })
      await keeper?.close()
      await world.pass('5s')
      expect(producer.consumers).toEqual([])
      expect(metrics.text()).toMatch(/^mosaik_streams_consumer_producers\{.*\} 0$/m)
    }),
)

test('a producer closed by its own codec answers every send', () =>
  scenario(async ({ world, a, b }) => {
    const made: Producer<number>[] = []
    const codec: Codec<number> = {
      encode: (n) => {
        if (n === 2) void made[0]?.close()
        return Uint8Array.of(n)
      },
      decode: (bytes) => bytes[0] ?? 0,
    }
    const Fatal = defineStream<number>('fatal', codec)
    const producer = a.streams.produce(Fatal)
    made.push(producer)
    const consumer = b.streams.consume(Fatal)
    await producer.send(1)
    const last = producer.send(2)
    last.catch(() => {})
    expect(await isPending(last)).toBe(false)
    await expect(last).rejects.toMatchObject({ code: 'ERR_CLOSED', datum: 2 })
    expect(await take(consumer, 1)).toEqual([1])
    await world.pass('5s')
    expect(consumer.tryReceive()).toMatchObject({ reason: 'empty' })
  }))

test('a send aborted by its own codec is not taken', () =>
  scenario(async ({ a }) => {
    const abort = new AbortController()
    const codec: Codec<number> = { encode: (n) => (abort.abort(new Error('no')), Uint8Array.of(n)), decode: (bytes) => bytes[0] ?? 0 }
    const producer = a.streams.produce(defineStream<number>('aborting', codec))
    const sent = producer.send(2, { signal: abort.signal })
    sent.catch(() => {})
    expect(await isPending(sent)).toBe(false)
    await expect(sent).rejects.toThrow('no')
  }))

test('a producer that cannot be announced counts for nothing', () =>
  scenario(async ({ world }) => {
    const metrics = createMetrics()
    const d = await world.node({ metrics })
    d.discovery.advertise = () => {
      throw new MosaikError('ERR_TOO_LARGE', 'too many streams in one entry')
    }
    expect(() => d.streams.produce(Numbers)).toThrow(expect.objectContaining({ code: 'ERR_TOO_LARGE' }))
    expect(metrics.text()).not.toMatch(/^mosaik_streams_producers_active\{.*\} 1$/m)
  }))

test('both ends count the same drops when the producer closes', () =>
  scenario(async ({ world, a, b }) => {
    const Blobs = defineStream<Uint8Array>('blobs')
    const producer = a.streams.produce(Blobs, { lagging: 'drop', bufferSize: 1 })
    const consumer = b.streams.consume(Blobs, { bufferSize: 64 })
    await producer.when.online()
    const [outlet, inlet] = [producer.consumers[0], consumer.producers[0]]
    for (const _ of range(0, 8)) producer.trySend(new Uint8Array(300_000))
    const keepsUp = b.streams.consume(Blobs, { where: { length: { gte: 0 } } as never, bufferSize: 64 })
    await keepsUp.when.subscribed()
    for (const _ of range(0, 30)) {
      producer.trySend(new Uint8Array(300_000))
      await world.pass('1ms')
    }
    await producer.close()
    await world.pass('5s')
    expect(outlet?.stats.dropped).toBeGreaterThan(0)
    expect(inlet?.stats.dropped).toBe(outlet?.stats.dropped)
    expect(inlet?.stats.datums).toBe(outlet?.stats.datums)
  }))
