import { describe, expect, test } from 'vitest'
import { defineStream } from '../src/index.ts'
import { collect, isPending, range, scenario, take } from './support/world.ts'

const Numbers = defineStream<number>('numbers')

describe('close', () => {
  test('of a producer delivers everything that was sent, then says 204 at both ends', () =>
    scenario(async ({ a, b }) => {
      const producer = a.streams.produce(Numbers, { bufferSize: 500 })
      const consumer = b.streams.consume(Numbers, { bufferSize: 7 })
      await producer.when.online()
      const [outlet, inlet] = [producer.consumers[0], consumer.producers[0]]
      for (const n of range(0, 400)) await producer.send(n)
      const closed = producer.close()
      expect(producer.isOnline).toBe(false)
      expect(await take(consumer, 400)).toEqual(range(0, 400))
      await closed
      expect(await outlet?.closed).toMatchObject({ code: 204 })
      expect(await inlet?.closed).toMatchObject({ code: 204 })
    }))

  test('of a producer is bounded, whatever a consumer does', () =>
    scenario(async ({ a, b }) => {
      const producer = a.streams.produce(Numbers, { bufferSize: 10 })
      const consumer = b.streams.consume(Numbers, { bufferSize: 5 })
      await producer.when.online()
      const inlet = consumer.producers[0]
      for (const n of range(0, 15)) await producer.send(n)
      const before = a.endpoint.clock.monotonic()
      await producer.close()
      expect(a.endpoint.clock.monotonic() - before).toBeLessThan(4000)
      expect(await inlet?.closed).toMatchObject({ code: 204 })
      expect(await take(consumer, 5)).toEqual(range(0, 5))
    }))

  test('of a paused consumer node too', () =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers)
      b.streams.consume(Numbers)
      await producer.when.online()
      world.sim.pause(b.endpoint)
      const before = a.endpoint.clock.monotonic()
      for (const n of range(0, 10)) await producer.send(n)
      await a.streams.close()
      expect(a.endpoint.clock.monotonic() - before).toBeLessThan(4500)
    }))

  test('of streams closes every end with 204, on both sides', () =>
    scenario(async ({ world, a, b }) => {
      const there = a.streams.produce(Numbers)
      const here = b.streams.produce(defineStream<number>('other'))
      const consumer = b.streams.consume(Numbers)
      const other = a.streams.consume(defineStream<number>('other'))
      await Promise.all([there.when.online(), here.when.online()])
      const channels = [there.consumers[0], here.consumers[0], consumer.producers[0], other.producers[0]]
      await a.streams.close()
      for (const channel of channels) expect(await channel?.closed).toMatchObject({ code: 204, name: 'GracefulShutdown' })
      await world.pass('1s')
      expect(() => a.streams.produce(Numbers)).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
      expect(() => a.streams.consume(Numbers)).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
      await a.streams.close()
      expect(a.discovery.me.streams.size).toBe(0)
      await expect(there.send(1)).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    }))

  test('of a consumer ends what reads from it; the producer goes offline', () =>
    scenario(async ({ a, b }) => {
      const producer = a.streams.produce(Numbers)
      const consumer = b.streams.consume(Numbers)
      await producer.when.online()
      const [outlet, inlet] = [producer.consumers[0], consumer.producers[0]]
      const { done } = collect(consumer)
      const reading = consumer.receive()
      reading.catch(() => {})
      await consumer.close()
      await consumer.close()
      await done
      await expect(reading).rejects.toMatchObject({ code: 'ERR_CLOSED' })
      await expect(consumer.receive()).rejects.toMatchObject({ code: 'ERR_CLOSED' })
      expect(consumer.tryReceive()).toEqual({ ok: false, reason: 'closed' })
      expect(await outlet?.closed).toMatchObject({ code: 102 })
      expect(await inlet?.closed).toMatchObject({ code: 102 })
      await producer.when.offline()
    }))

  test('produce twice throws with the first, and works again after a close', () =>
    scenario(async ({ a }) => {
      const first = a.streams.produce(Numbers)
      expect(() => a.streams.produce(Numbers, { bufferSize: 3 })).toThrow(
        expect.objectContaining({ code: 'ERR_ALREADY_EXISTS', existing: first }),
      )
      expect([...a.discovery.me.streams]).toEqual([Numbers.id])
      await first.close()
      expect([...a.discovery.me.streams]).toEqual([])
      const second = a.streams.produce(Numbers)
      expect([...a.discovery.me.streams]).toEqual([Numbers.id])
      await first.close()
      expect([...a.discovery.me.streams]).toEqual([Numbers.id])
      await second.close()
    }))

  test('of discovery closes the streams above it', () =>
    scenario(async ({ world, a }) => {
      const producer = a.streams.produce(Numbers)
      await a.discovery.close()
      await world.pass('1s')
      expect(producer.trySend(1)).toMatchObject({ reason: 'closed' })
      expect(() => a.streams.consume(Numbers)).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
    }))
})

describe('reading', () => {
  test('an aborted receive and a broken iteration lose nothing and close nothing', () =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers)
      const consumer = b.streams.consume(Numbers)
      const abort = new AbortController()
      const aborted = consumer.receive({ signal: abort.signal })
      const iterator = consumer[Symbol.asyncIterator]()
      const pending = iterator.next()
      abort.abort(new Error('no time'))
      await expect(aborted).rejects.toThrow('no time')
      await iterator.return?.()
      expect(await pending).toEqual({ done: true, value: undefined })
      for (const n of range(0, 10)) await producer.send(n)
      await world.pass('1s')
      const got: number[] = []
      for await (const n of consumer) {
        got.push(n)
        if (n === 3) break
      }
      for await (const n of consumer) {
        got.push(n)
        if (n === 6) break
      }
      got.push(...(await take(consumer, 3)))
      expect(got).toEqual(range(0, 10))
    }))

  test('several readers get each datum once, in the order they asked', () =>
    scenario(async ({ a, b }) => {
      const producer = a.streams.produce(Numbers)
      const consumer = b.streams.consume(Numbers)
      const reads = range(0, 6).map(() => consumer.receive())
      for (const n of range(0, 6)) await producer.send(n)
      expect(await Promise.all(reads)).toEqual(range(0, 6))
    }))
})

describe('Web streams', () => {
  test('pipe from end to end, no faster than the reader; closing the writable closes the producer', () =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers, { bufferSize: 2 })
      const consumer = b.streams.consume(Numbers, { bufferSize: 2 })
      expect(producer.writable).toBe(producer.writable)
      let pulled = 0
      const source = new ReadableStream<number>(
        { pull: (controller) => (pulled < 30 ? controller.enqueue(pulled++) : controller.close()) },
        { highWaterMark: 0 },
      )
      const piping = source.pipeTo(producer.writable)
      await world.pass('5s')
      expect(pulled).toBeLessThan(8)
      const got: number[] = []
      for await (const n of consumer.readable) {
        got.push(n)
        if (got.length === 30) break
      }
      await piping
      expect(got).toEqual(range(0, 30))
      expect(producer.trySend(1)).toMatchObject({ reason: 'closed' })
    }))

  test('an aborted writable and a cancelled readable lose nothing and close nothing', () =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers)
      const writing = producer.writable.getWriter()
      const write = writing.write(1)
      await world.pass('1s')
      expect(await isPending(write)).toBe(true)
      void writing.abort(new Error('never mind')).catch(() => {})
      await expect(write).rejects.toThrow()
      writing.closed.catch(() => {})
      const consumer = b.streams.consume(Numbers)
      const reader = consumer.readable.getReader()
      const read = reader.read()
      await producer.when.online()
      await reader.cancel()
      expect((await read).done).toBe(true)
      await producer.writable.getWriter().write(2)
      expect((await consumer.readable.getReader().read()).value).toBe(2)
    }))

  test('end when their end is closed', () =>
    scenario(async ({ a, b }) => {
      const producer = a.streams.produce(Numbers)
      const consumer = b.streams.consume(Numbers)
      const writer = producer.writable.getWriter()
      const read = consumer.readable.getReader().read()
      await consumer.close()
      expect((await read).done).toBe(true)
      await producer.close()
      await expect(writer.write(1)).rejects.toMatchObject({ code: 'ERR_CLOSED' })
      await expect(writer.closed).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    }))
})

describe('includeLocal', () => {
  test('a consumer hears a producer of its own node only when it asks to', () =>
    scenario(async ({ world, a }) => {
      const producer = a.streams.produce(Numbers)
      const deaf = a.streams.consume(Numbers)
      await world.pass('5s')
      expect(deaf.producers).toEqual([])
      const local = a.streams.consume(Numbers, { includeLocal: true, where: {} as never })
      for (const n of range(0, 3000)) void producer.send(n)
      expect(await take(local, 3000)).toEqual(range(0, 3000))
      expect(local.producers[0]).toMatchObject({ peerId: a.endpoint.id, state: 'connected', peer: { rtt: 0 } })
      const [outlet, inlet] = [producer.consumers[0], local.producers[0]]
      await producer.close()
      expect(await outlet?.closed).toMatchObject({ code: 204 })
      expect(await inlet?.closed).toMatchObject({ code: 204 })
    }))

  test('with the same rules, buffers and independence of values', () =>
    scenario(async ({ world, a }) => {
      const Blobs = defineStream<Uint8Array>('blobs', { encode: (bytes) => bytes, decode: (bytes) => bytes })
      const producer = a.streams.produce(Blobs, { require: (peer) => peer.hasTag('me'), bufferSize: 2 })
      const consumer = a.streams.consume(Blobs, { includeLocal: true, bufferSize: 3 })
      await world.pass('1s')
      expect(producer.consumers).toEqual([])
      a.discovery.addTags('me')
      await producer.when.online()
      const bytes = Uint8Array.of(1)
      for (let i = 0; i < 5; i++) await producer.send(bytes)
      expect(producer.trySend(bytes)).toMatchObject({ reason: 'full' })
      for (let i = 0; i < 5; i++) {
        const got = await consumer.receive()
        expect(got).toEqual(Uint8Array.of(1))
        got.fill(9) // the reader's own
      }
      expect(bytes).toEqual(Uint8Array.of(1))
    }))

  test('a producer and a consumer that feed each other leave turns to others', () =>
    scenario(async ({ a }) => {
      const producer = a.streams.produce(Numbers)
      const consumer = a.streams.consume(Numbers, { includeLocal: true })
      let others = 0
      const tick = (): void => {
        others += 1
        a.endpoint.clock.turn(tick)
      }
      const sending = (async () => {
        for (const n of range(0, 20_000)) await producer.send(n)
      })()
      tick()
      await take(consumer, 20_000)
      await sending
      expect(others).toBeGreaterThan(10)
    }))
})
