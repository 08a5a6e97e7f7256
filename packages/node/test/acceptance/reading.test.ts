import { defineStream } from '@mosaik/streams'
import { describe, expect, it } from 'vitest'
import { codeOf, drain, fill, outcome, stage, stateOf, take } from './support.ts'
import type { Stage } from './support.ts'

const Ticks = defineStream<number>('ticks')

async function flowing({ nodes }: Stage, bufferSize = 64) {
  const [a, b] = await nodes(2)
  const producer = a!.streams.produce(Ticks, { bufferSize })
  const consumer = b!.streams.consume(Ticks, { bufferSize })
  await Promise.all([producer.when.subscribed(), consumer.when.subscribed()])
  return { a: a!, b: b!, producer, consumer }
}

describe('receive', () => {
  it('aborted rejects with the reason unchanged, loses nothing and closes nothing', () =>
    stage(1, async (scene) => {
      const { producer, consumer } = await flowing(scene)
      const reason = 'any value'
      const cut = new AbortController()
      const waiting = [consumer.receive(), consumer.receive({ signal: cut.signal }), consumer.receive()]
      cut.abort(reason)
      expect(await outcome(waiting[1]!)).toBe(reason)
      expect(await outcome(consumer.receive({ signal: AbortSignal.abort(reason) }))).toBe(reason)
      await producer.send(1)
      await producer.send(2)
      await producer.send(3)
      expect(await Promise.all([waiting[0], waiting[2], consumer.receive()])).toEqual([1, 2, 3])
    }))

  it('during and after close rejects ERR_CLOSED; tryReceive says closed; iteration ends', () =>
    stage(2, async (scene) => {
      const { producer, consumer } = await flowing(scene)
      const waiting = consumer.receive()
      const iterated = (async () => {
        const data: number[] = []
        for await (const n of consumer) data.push(n)
        return data
      })()
      const closing = consumer.close()
      expect(await codeOf(waiting)).toBe('ERR_CLOSED')
      expect(await codeOf(consumer.receive())).toBe('ERR_CLOSED')
      expect(consumer.tryReceive()).toEqual({ ok: false, reason: 'closed' })
      expect(await iterated).toEqual([])
      await Promise.all([closing, consumer.close(), consumer[Symbol.asyncDispose]()])
      expect(await codeOf(consumer.receive())).toBe('ERR_CLOSED')
      for await (const n of consumer) throw new Error(`got ${n}`)
      await producer.when.unsubscribed()
    }))

  it('tryReceive says empty, then gives what is there', () =>
    stage(3, async (scene) => {
      const { producer, consumer } = await flowing(scene)
      expect(consumer.tryReceive()).toEqual({ ok: false, reason: 'empty' })
      await producer.send(5)
      await scene.pass(100)
      expect(consumer.tryReceive()).toEqual({ ok: true, datum: 5 })
      expect(consumer.tryReceive()).toEqual({ ok: false, reason: 'empty' })
    }))

  it('of data that had arrived still works when their producer has gone', () =>
    stage(4, async (scene) => {
      const { a, producer, consumer } = await flowing(scene)
      for (let n = 0; n < 10; n += 1) await producer.send(n)
      await a.close()
      await consumer.when.unsubscribed()
      expect(drain(consumer)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    }))
})

describe('iteration', () => {
  it('broken off loses nothing and closes nothing, also while it waits', () =>
    stage(10, async (scene) => {
      const { producer, consumer } = await flowing(scene)
      for (let n = 0; n < 4; n += 1) await producer.send(n)
      for await (const n of consumer) if (n === 1) break
      const second: number[] = []
      for await (const n of consumer) {
        second.push(n)
        if (n === 3) break
      }
      expect(second).toEqual([2, 3])
      const iterator = consumer[Symbol.asyncIterator]()
      const next = iterator.next()
      expect(await iterator.return?.()).toMatchObject({ done: true })
      expect(await next).toMatchObject({ done: true })
      await producer.send(4)
      expect(await consumer.receive()).toBe(4)
      expect(consumer.isOnline).toBe(true)
    }))

  it('by several readers gives each datum to one of them', () =>
    stage(11, async (scene) => {
      const { producer, consumer } = await flowing(scene)
      const got: number[] = []
      const read = async (): Promise<void> => {
        for await (const n of consumer) got.push(n)
      }
      const readers = [read(), read()]
      for (let n = 0; n < 50; n += 1) await producer.send(n)
      await scene.pass(200)
      await consumer.close()
      await Promise.all(readers)
      expect(got.toSorted((x, y) => x - y)).toEqual(Array.from({ length: 50 }, (_, n) => n))
    }))
})

describe('Web streams', () => {
  it('a writable waits for room and delivers in order; closing it closes the producer with 204', () =>
    stage(20, async (scene) => {
      const { producer, consumer } = await flowing(scene, 2)
      const channel = consumer.producers[0]!
      const writer = producer.writable.getWriter()
      const written = (async () => {
        for (let n = 0; n < 40; n += 1) await writer.write(n)
        await writer.close()
      })()
      expect(await take(consumer, 40)).toEqual(Array.from({ length: 40 }, (_, n) => n))
      await written
      expect(await codeOf(producer.send(1))).toBe('ERR_CLOSED')
      expect(await channel.closed).toMatchObject({ code: 204, name: 'GracefulShutdown' })
    }))

  it('a readable gives everything, ends with the consumer, and cancelling it closes nothing', () =>
    stage(21, async (scene) => {
      const { producer, consumer } = await flowing(scene)
      for (let n = 0; n < 3; n += 1) await producer.send(n)
      const first = consumer.readable.getReader()
      expect(await first.read()).toEqual({ done: false, value: 0 })
      const pending = first.read()
      expect(await pending).toEqual({ done: false, value: 1 })
      await first.cancel()
      expect(await consumer.receive()).toBe(2)
      const second = consumer.readable.getReader()
      const waiting = second.read()
      await scene.pass(10)
      await consumer.close()
      expect(await waiting).toEqual({ done: true, value: undefined })
      await second.closed
    }))

  it('a reader that waits for nothing but the end sees it', () =>
    stage(22, async (scene) => {
      const { consumer } = await flowing(scene)
      const { closed } = consumer.readable.getReader()
      await scene.pass(10)
      await consumer.close()
      expect(await Promise.race([closed.then(() => 'closed'), scene.pass(1000).then(() => 'still open')])).toBe('closed')
    }))

  it('a writer of a producer that is closed elsewhere is told', () =>
    stage(23, async (scene) => {
      const { producer } = await flowing(scene, 1)
      const writer = producer.writable.getWriter()
      fill(producer)
      const write = outcome(writer.write(1))
      const closed = outcome(writer.closed)
      await scene.pass(10)
      await producer.close()
      expect(await write).toMatchObject({ code: 'ERR_CLOSED' })
      expect(await closed).toMatchObject({ code: 'ERR_CLOSED' })
      writer.releaseLock()
      expect(await codeOf(producer.writable.getWriter().closed)).toBe('ERR_CLOSED')
    }))

  it('pipe from one stream to the next', () =>
    stage(24, async ({ nodes }) => {
      const [a, b, c] = await nodes(3)
      const Relayed = defineStream<number>('relayed')
      const source = a!.streams.produce(Ticks)
      const relay = b!.streams.produce(Relayed)
      const inner = b!.streams.consume(Ticks)
      const sink = c!.streams.consume(Relayed)
      const piped = inner.readable.pipeTo(relay.writable)
      for (let n = 0; n < 20; n += 1) await source.send(n)
      expect(await take(sink, 20)).toEqual(Array.from({ length: 20 }, (_, n) => n))
      await inner.close()
      await piped
      expect(await codeOf(relay.send(1))).toBe('ERR_CLOSED')
    }))

  it('aborting a writable leaves the producer open', () =>
    stage(25, async (scene) => {
      const { producer, consumer } = await flowing(scene)
      await producer.writable.abort('enough')
      await producer.send(1)
      expect(await consumer.receive()).toBe(1)
      await producer.writable.getWriter().write(2)
      expect(await consumer.receive()).toBe(2)
    }))
})

describe('two consumers of one stream on a node', () => {
  it('share one subscription; each gets everything; one that does not read never holds up the other', () =>
    stage(30, async ({ nodes, pass }) => {
      const [a, b] = await nodes(2)
      const producer = a!.streams.produce(Ticks, { bufferSize: 8 })
      const reads = b!.streams.consume(Ticks, { bufferSize: 8 })
      const idle = b!.streams.consume(Ticks, { bufferSize: 2 })
      await Promise.all([reads.when.subscribed(), idle.when.subscribed()])
      expect(producer.consumers.length).toBe(1)
      const began = outcome(idle.producers[0]!.closed)
      for (let n = 0; n < 100; n += 1) {
        await producer.send(n)
        expect(await reads.receive()).toBe(n)
      }
      expect(await began).toMatchObject({ code: 10413 })
      await pass(10)
      expect(reads.stats.dropped).toBe(0)
      const kept = drain(idle)
      expect(kept.slice(0, 2)).toEqual([0, 1])
      expect(kept.toSorted((x, y) => x - y)).toEqual(kept)
    }))

  it('of different criteria have a subscription each; equal criteria share one, whatever the order of their keys', () =>
    stage(31, async ({ nodes, pass }) => {
      const [a, b] = await nodes(2)
      const Trades = defineStream<{ pair: string; price: number }>('trades')
      const producer = a!.streams.produce(Trades, { onlineWhen: { minimumOf: 2 } })
      const where = { price: { gte: 2 }, pair: 'x' }
      const selective = [b!.streams.consume(Trades, { where }), b!.streams.consume(Trades, { where: { pair: 'x', price: { gte: 2 } } })]
      const all = b!.streams.consume(Trades, { where: {} })
      await producer.when.online()
      await pass(200)
      expect(producer.consumers.length).toBe(2)
      for (const price of [1, 2, 3]) await producer.send({ pair: 'x', price })
      expect((await take(all, 3)).length).toBe(3)
      for (const consumer of selective) expect((await take(consumer, 2)).map(({ price }) => price)).toEqual([2, 3])
      expect(producer.stats.datums).toBe(3)
    }))

  it('the second to leave ends the subscription, not the first', () =>
    stage(32, async ({ nodes, pass }) => {
      const [a, b] = await nodes(2)
      const producer = a!.streams.produce(Ticks)
      const [first, second] = [b!.streams.consume(Ticks), b!.streams.consume(Ticks)]
      await Promise.all([first.when.subscribed(), second.when.subscribed()])
      const channel = producer.consumers[0]!
      await first.close()
      await pass(100)
      expect(channel.state).toBe('connected')
      await producer.send(1)
      expect(await second.receive()).toBe(1)
      const late = b!.streams.consume(Ticks)
      await late.when.subscribed()
      expect(producer.consumers).toEqual([channel])
      await second.close()
      await late.close()
      await producer.when.unsubscribed()
      expect(await stateOf(channel.closed)).toBe('resolved')
    }))
})

describe('includeLocal', () => {
  it('is false unless asked for; then a node consumes its own producers too, as subject to rules as any', () =>
    stage(40, async ({ nodes, pass }) => {
      const [a, b] = await nodes(2)
      const producer = a!.streams.produce(Ticks)
      const without = a!.streams.consume(Ticks)
      await pass(2_000)
      expect([without.producers.length, producer.isOnline]).toEqual([0, false])
      const local = a!.streams.consume(Ticks, { includeLocal: true, require: (peer) => peer.hasTag('mine') && peer.rtt === 0 })
      await pass(2_000)
      expect(producer.isOnline).toBe(false)
      a!.discovery.addTags('mine')
      await local.when.subscribed()
      const remote = b!.streams.consume(Ticks)
      await remote.when.subscribed()
      await producer.send(1)
      expect(await Promise.all([local.receive(), remote.receive()])).toEqual([1, 1])
      expect(without.tryReceive()).toEqual({ ok: false, reason: 'empty' })
      a!.discovery.removeTags('mine')
      await local.when.unsubscribed()
    }))
})
