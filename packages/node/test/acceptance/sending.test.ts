import { MosaikError } from '@mosaik/core'
import type { Codec } from '@mosaik/core'
import { defineStream } from '@mosaik/streams'
import type { Consumer, Producer, ProducerOptions } from '@mosaik/streams'
import { describe, expect, it } from 'vitest'
import { codeOf, drain, fill, outcome, stage, stateOf, take } from './support.ts'
import type { Stage } from './support.ts'

const Ticks = defineStream<number>('ticks')
const Bytes = defineStream('bytes', {
  encode: (bytes: Uint8Array) => bytes,
  decode: (bytes: Uint8Array) => bytes,
} satisfies Codec<Uint8Array>)

interface Pair {
  readonly producer: Producer<number>
  readonly consumer: Consumer<number>
}

/** A producer and a consumer on two nodes, subscribed. */
async function subscribed({ nodes }: Stage, options: ProducerOptions<number> = {}, bufferSize = 1): Promise<Pair> {
  const [a, b] = await nodes(2)
  const producer = a!.streams.produce(Ticks, { bufferSize: 1, ...options })
  const consumer = b!.streams.consume(Ticks, { bufferSize })
  await producer.when.subscribed()
  await consumer.when.subscribed()
  return { producer, consumer }
}

describe('send', () => {
  it('started while offline completes shortly after the first consumer has joined, with nothing else running', () =>
    stage(1, async ({ world, node, pass }) => {
      const a = await node()
      const producer = a.streams.produce(Ticks)
      const sent = producer.send(1)
      await pass(60_000)
      expect(await stateOf(sent)).toBe('pending')
      expect(producer.trySend(2)).toEqual({ ok: false, reason: 'offline', datum: 2 })
      const b = await node()
      const consumer = b.streams.consume(Ticks)
      const before = world.now
      await sent
      expect(await consumer.receive()).toBe(1)
      expect(world.now - before).toBeLessThan(3_000)
    }))

  it.each(['disconnect', 'drop', 'wait'] as const)(
    'with room for one, %s: a thousand sends, all delivered in order, none refused',
    (lagging) =>
      stage(2, async (scene) => {
        const { producer, consumer } = await subscribed(scene, { lagging })
        const sent = Promise.all(Array.from({ length: 1000 }, (_, n) => producer.send(n)))
        expect(await take(consumer, 1000)).toEqual(Array.from({ length: 1000 }, (_, n) => n))
        await sent
        expect(producer.stats).toMatchObject({ datums: 1000, dropped: 0 })
      }),
  )

  it('takes effect in call order, whatever has been cut out of the line, and trySend does not overtake', () =>
    stage(3, async (scene) => {
      const { producer, consumer } = await subscribed(scene, { lagging: 'wait' })
      const before = fill(producer)
      const cut = new AbortController()
      const sends = [1001, 1002, 1003, 1004].map((n) => producer.send(n, n === 1002 ? { signal: cut.signal } : {}))
      const reason = { my: 'reason' }
      cut.abort(reason)
      expect(await outcome(sends[1]!)).toBe(reason)
      expect(producer.trySend(9)).toEqual({ ok: false, reason: 'full', datum: 9 })
      expect(await take(consumer, before + 3)).toEqual([...Array.from({ length: before }, (_, n) => n), 1001, 1003, 1004])
      await Promise.all([sends[0], sends[2], sends[3]])
    }))

  it('with a signal that has aborted already takes nothing', () =>
    stage(4, async (scene) => {
      const { producer, consumer } = await subscribed(scene)
      const reason = new Error('no')
      expect(await outcome(producer.send(1, { signal: AbortSignal.abort(reason) }))).toBe(reason)
      await producer.send(2)
      expect(await consumer.receive()).toBe(2)
    }))

  it('cut by close carries its datum, whether it waited for online or for room; afterwards everything is closed', () =>
    stage(5, async (scene) => {
      const { producer } = await subscribed(scene, { lagging: 'wait' })
      fill(producer)
      const alone = (await scene.node()).streams.produce(defineStream<number>('alone'))
      for (const end of [producer, alone]) {
        const waiting = [7, 8].map((n) => outcome(end.send(n)))
        void end.close()
        for (const [i, error] of (await Promise.all(waiting)).entries()) {
          expect(MosaikError.is(error, 'ERR_CLOSED')).toBe(true)
          expect((error as MosaikError).datum).toBe(7 + i)
        }
        const late = await outcome(end.send(9))
        expect(late).toMatchObject({ code: 'ERR_CLOSED', datum: 9 })
        expect(end.trySend(10)).toEqual({ ok: false, reason: 'closed', datum: 10 })
        await end.close()
      }
    }))

  it('refuses what is too large with the datum, and takes 16 MiB', () =>
    stage(6, async ({ nodes }) => {
      const [a, b] = await nodes(2)
      const producer = a!.streams.produce(Bytes)
      const consumer = b!.streams.consume(Bytes)
      await producer.when.online()
      const tooLarge = new Uint8Array(16 * 1024 * 1024 + 1)
      const refused = (await outcome(producer.send(tooLarge))) as MosaikError
      expect([refused.code, refused.datum === tooLarge]).toEqual(['ERR_TOO_LARGE', true])
      expect(await codeOf(() => producer.trySend(tooLarge))).toBe('ERR_TOO_LARGE')
      await producer.send(tooLarge.subarray(1))
      await producer.send(new Uint8Array(0))
      expect((await consumer.receive()).length).toBe(16 * 1024 * 1024)
      expect((await consumer.receive()).length).toBe(0)
      expect(producer.stats).toMatchObject({ datums: 2, bytes: 16 * 1024 * 1024 })
    }))

  it('sends what the datum was at the call, even when it is changed while it waits', () =>
    stage(7, async ({ nodes }) => {
      const [a, b] = await nodes(2)
      const Lists = defineStream<number[]>('lists')
      const producer = a!.streams.produce(Lists)
      const list = [1]
      const sent = producer.send(list)
      list.push(2)
      const consumer = b!.streams.consume(Lists)
      await sent
      expect(await consumer.receive()).toEqual([1])
    }))
})

describe('lagging', () => {
  it('disconnect: while one consumer has room, the one without is ended with TooSlow, at both ends', () =>
    stage(10, async ({ nodes, pass }) => {
      const [a, b, c] = await nodes(3)
      const producer = a!.streams.produce(Ticks, { bufferSize: 4, onlineWhen: { minimumOf: 2 } })
      const slow = b!.streams.consume(Ticks, { bufferSize: 4 })
      const quick = c!.streams.consume(Ticks, { bufferSize: 4 })
      await Promise.all([producer.when.subscribed({ minimumOf: 2 }), slow.when.subscribed(), quick.when.subscribed()])
      const here = producer.consumers.find(({ peerId }) => peerId === b!.local.id)!
      const there = slow.producers[0]!
      const got: number[] = []
      let sent = 0
      while (producer.consumers.length === 2) {
        expect(producer.trySend(sent)).toEqual({ ok: true })
        sent += 1
        got.push(await quick.receive())
        if (sent > 100) throw new Error('never cut off')
      }
      expect(await here.closed).toMatchObject({ code: 10413, name: 'TooSlow' })
      expect(await there.closed).toEqual(await here.closed)
      expect([here.state, there.state]).toEqual(['terminated', 'terminated'])
      expect(got).toEqual(Array.from({ length: sent }, (_, n) => n))
      await pass(100)
      const kept = drain(slow)
      expect(kept).toEqual(kept.map((_, n) => n)) // what had arrived stays, without a gap
      await producer.when.subscribed({ minimumOf: 2 }) // and it comes back
    }))

  it('disconnect: a sole consumer without room is cut off after 10 s of waiting, not before, and not when it reads', () =>
    stage(11, async (scene) => {
      const { producer, consumer } = await subscribed(scene)
      const channel = producer.consumers[0]!
      let next = fill(producer)
      await scene.pass(30_000) // nothing waits: nobody is cut off
      expect(channel.state).toBe('connected')
      const sent = producer.send(next++)
      await scene.pass(9_900)
      expect(channel.state).toBe('connected')
      await consumer.receive()
      await sent
      const again = producer.send(next++)
      await scene.pass(9_900)
      expect([channel.state, await stateOf(again)]).toEqual(['connected', 'pending'])
      await scene.pass(200)
      expect(channel.state).toBe('terminated')
      expect(await channel.closed).toMatchObject({ code: 10413 })
      const kept = drain(consumer) // makes room for what comes with the next subscription
      await again
      expect([...kept, await consumer.receive()].at(-1)).toBe(next - 1)
    }))

  it('drop: a consumer without room misses data, counted at both ends; a sole one makes send wait', () =>
    stage(12, async ({ nodes, pass }) => {
      const [a, b, c] = await nodes(3)
      const lost: number[] = []
      const producer = a!.streams.produce(Ticks, { bufferSize: 1, lagging: 'drop', undelivered: (n) => lost.push(n) })
      const slow = b!.streams.consume(Ticks, { bufferSize: 1 })
      await Promise.all([producer.when.subscribed(), slow.when.subscribed()])
      const alone = fill(producer)
      expect(producer.trySend(-1)).toEqual({ ok: false, reason: 'full', datum: -1 })
      const quick = c!.streams.consume(Ticks, { bufferSize: 8 })
      await Promise.all([producer.when.subscribed({ minimumOf: 2 }), quick.when.subscribed()])
      for (let n = 0; n < 8; n += 1) {
        expect(producer.trySend(alone + n)).toEqual({ ok: true })
        expect(await quick.receive()).toBe(alone + n)
      }
      await pass(100)
      const here = producer.consumers.find(({ peerId }) => peerId === b!.local.id)!
      expect(here.stats.dropped).toBe(8)
      expect(producer.stats).toMatchObject({ datums: alone + 8, dropped: 8 })
      expect(await take(slow, alone)).toEqual(Array.from({ length: alone }, (_, n) => n))
      await producer.send(1000)
      expect(await slow.receive()).toBe(1000)
      expect([slow.stats.dropped, slow.producers[0]!.stats.dropped]).toEqual([8, 8])
      expect(slow.producers[0]!.stats.datums).toBe(alone + 1)
      expect(lost).toEqual([]) // full queues are not the same as nobody
    }))

  it('wait: one consumer without room holds up send, a closed one does not', () =>
    stage(13, async ({ nodes, pass }) => {
      const [a, b, c] = await nodes(3)
      const producer = a!.streams.produce(Ticks, { bufferSize: 2, lagging: 'wait' })
      const slow = b!.streams.consume(Ticks, { bufferSize: 2 })
      const quick = c!.streams.consume(Ticks, { bufferSize: 2 })
      await Promise.all([producer.when.subscribed({ minimumOf: 2 }), slow.when.subscribed(), quick.when.subscribed()])
      let sent = 0
      while (producer.trySend(sent).ok) {
        sent += 1
        await quick.receive()
      }
      const waiting = producer.send(sent)
      await pass(60_000)
      expect(await stateOf(waiting)).toBe('pending')
      expect(producer.consumers.length).toBe(2)
      void slow.close()
      await waiting
      expect(await quick.receive()).toBe(sent)
      expect(producer.stats.dropped).toBe(0)
    }))
})

describe('undelivered', () => {
  it('gets what matched nobody: without consumers and by criteria; what it throws stays with it', () =>
    stage(20, async ({ nodes }) => {
      const [a, b] = await nodes(2)
      const Trades = defineStream<{ pair: string; price: number }>('trades')
      const lost: { pair: string; price: number }[] = []
      const producer = a!.streams.produce(Trades, {
        onlineWhen: { minimumOf: 0 },
        undelivered: (trade) => {
          lost.push(trade)
          throw new Error('not my problem')
        },
      })
      expect(producer.isOnline).toBe(true)
      await producer.send({ pair: 'x', price: 1 })
      expect(producer.trySend({ pair: 'x', price: 2 })).toEqual({ ok: true })
      const consumer = b!.streams.consume(Trades, { where: { pair: 'y', price: { gte: 10, lt: 20 } } })
      await producer.when.subscribed()
      await producer.send({ pair: 'y', price: 9.5 })
      await producer.send({ pair: 'y', price: 10 })
      await producer.send({ pair: 'y', price: 20 })
      expect(await consumer.receive()).toEqual({ pair: 'y', price: 10 })
      expect(lost.map(({ price }) => price)).toEqual([1, 2, 9.5, 20])
      expect(consumer.stats.dropped).toBe(0) // what does not match is no gap
      expect(producer.stats.datums).toBe(1)
    }))
})

describe('a datum that does not fit', () => {
  const even = {
    '~standard': {
      version: 1 as const,
      vendor: 'own',
      validate: (value: unknown) => (typeof value === 'number' && value % 2 === 0 ? { value } : { issues: [{ message: 'it is odd' }] }),
    },
  }

  it('is refused with the datum by send and trySend, and nothing is sent', () =>
    stage(30, async ({ nodes }) => {
      const [a, b] = await nodes(2)
      const Evens = defineStream<number>('evens', even)
      const producer = a!.streams.produce(Evens)
      expect(await outcome(producer.send(3))).toMatchObject({ code: 'ERR_INVALID_DATUM', datum: 3 }) // offline too
      const consumer = b!.streams.consume(Evens)
      await producer.when.online()
      expect(await outcome(producer.send(5))).toMatchObject({
        code: 'ERR_INVALID_DATUM',
        datum: 5,
        message: expect.stringContaining('it is odd'),
      })
      expect(await outcome((async () => producer.trySend(7))())).toMatchObject({ code: 'ERR_INVALID_DATUM', datum: 7 })
      await producer.send(8)
      expect(await consumer.receive()).toBe(8)
      expect(producer.stats.datums).toBe(1)
    }))

  it('ends that subscription with ProtocolViolation at a consumer; other producers are unaffected', () =>
    stage(31, async ({ nodes, pass }) => {
      const [a, b, c] = await nodes(3)
      const bad = a!.streams.produce(defineStream<number>('evens'))
      const good = b!.streams.produce(defineStream<number>('evens', even))
      const consumer = c!.streams.consume(defineStream<number>('evens', even))
      await consumer.when.subscribed({ minimumOf: 2 })
      const channel = consumer.producers.find(({ peerId }) => peerId === a!.local.id)!
      const there = bad.consumers[0]!
      await bad.send(2)
      await bad.send(3)
      expect(await channel.closed).toMatchObject({ code: 400, name: 'ProtocolViolation' })
      expect(await there.closed).toMatchObject({ code: 400, name: 'ProtocolViolation' })
      await good.send(4)
      await pass(100)
      expect(drain(consumer)).toEqual([2, 4])
      expect(consumer.isOnline).toBe(true)
    }))

  it('a schema that answers with a Promise is refused at its first use', () =>
    stage(32, async ({ nodes }) => {
      const [a, b] = await nodes(2)
      const later = {
        '~standard': { version: 1 as const, vendor: 'own', validate: async (value: unknown) => ({ value: value as number }) },
      }
      const Later = defineStream<number>('later', later)
      // a promise of another realm or library is one too
      const thenable = {
        // oxlint-disable-next-line unicorn/no-thenable
        '~standard': { ...later['~standard'], validate: () => ({ then: (answer: (result: object) => void) => answer({}) }) as never },
      }
      expect(await codeOf(a!.streams.produce(defineStream<number>('thenable', thenable)).send(1))).toBe('ERR_INVALID_OPTION')
      const producer = a!.streams.produce(Later)
      b!.streams.consume(Later)
      expect(await codeOf(producer.send(1))).toBe('ERR_INVALID_OPTION')
      expect(await codeOf(() => producer.trySend(1))).toBe('ERR_INVALID_OPTION')
    }))
})
