import { describe, expect, test } from 'vitest'
import { defineStream } from '../src/index.ts'
import { isPending, range, scenario } from './support/world.ts'

const Numbers = defineStream<number>('numbers')

describe('when', () => {
  test('what already holds resolves without waiting for I/O', () =>
    scenario(async ({ a, b }) => {
      const producer = a.streams.produce(Numbers)
      const consumer = b.streams.consume(Numbers)
      for (const held of [
        producer.when.offline(),
        producer.when.unsubscribed(),
        producer.when.unmet(),
        producer.when.subscribed({ minimumOf: 0 }),
        consumer.when.online(),
        consumer.when.unsubscribed(),
      ]) {
        expect(await isPending(held)).toBe(false)
      }
      for (const open of [
        producer.when.online(),
        producer.when.subscribed(),
        consumer.when.offline(),
        consumer.when.unmet({ minimumOf: 0 }),
      ]) {
        expect(await isPending(open)).toBe(true)
        open.catch(() => {})
      }
    }))

  test('subscribed counts connected peers that have all tags and satisfy the predicate; unmet is the opposite', () =>
    scenario(async ({ world, a, b, c }) => {
      const producer = a.streams.produce(Numbers)
      b.streams.consume(Numbers)
      c.streams.consume(Numbers)
      await producer.when.subscribed({ minimumOf: 2 })
      const both = producer.when.subscribed({ minimumOf: 2, tags: ['x', 'y'] })
      const named = producer.when.subscribed({ where: (peer) => peer.peerId === c.endpoint.id && peer.hasTag('y') })
      b.discovery.addTags('x', 'y')
      c.discovery.addTags('x')
      await world.pass('1s')
      expect([await isPending(both), await isPending(named)]).toEqual([true, true])
      c.discovery.addTags('y')
      await Promise.all([both, named])
      const unmet = producer.when.unmet({ minimumOf: 2, tags: 'x' })
      expect(await isPending(unmet)).toBe(true)
      b.discovery.removeTags('x')
      await unmet
      expect(producer.consumers.length).toBe(2)
    }))

  test('a condition is live, fires again and again, and ends with its end', () =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers)
      const two = producer.condition({ minimumOf: 1, tags: 'x' })
      expect(two.value).toBe(false)
      const seen: boolean[] = []
      const watching = (async () => {
        for await (const met of two) seen.push(met)
      })()
      b.streams.consume(Numbers)
      for (let i = 0; i < 3; i++) {
        const met = two.changed()
        b.discovery.addTags('x')
        expect(await met).toBe(true)
        expect(two.value).toBe(true)
        const lost = two.until((value) => !value)
        b.discovery.removeTags('x')
        expect(await lost).toBe(false)
      }
      await world.pass('1s')
      const open = two.until((value) => value)
      open.catch(() => {})
      await producer.close()
      await expect(open).rejects.toMatchObject({ code: 'ERR_CLOSED' })
      await watching
      expect(seen).toEqual([false, true, false, true, false, true, false])
    }))

  test('waits can be aborted, and a close settles them', () =>
    scenario(async ({ a, b }) => {
      const producer = a.streams.produce(Numbers)
      const abort = new AbortController()
      const online = producer.when.online({ signal: abort.signal })
      const subscribed = producer.when.subscribed({ minimumOf: 2, signal: abort.signal })
      abort.abort(new Error('enough'))
      await expect(online).rejects.toThrow('enough')
      await expect(subscribed).rejects.toThrow('enough')
      b.streams.consume(Numbers)
      await producer.when.online()
      const offline = producer.when.offline()
      const gone = producer.when.unsubscribed()
      const never = producer.when.subscribed({ minimumOf: 5 })
      never.catch(() => {})
      await producer.close()
      await Promise.all([offline, gone])
      await expect(never).rejects.toMatchObject({ code: 'ERR_CLOSED' })
      await expect(producer.when.online()).rejects.toMatchObject({ code: 'ERR_CLOSED' })
      await producer.when.offline()
    }))

  test('a producer is online when its condition says so, and sends wait for that', () =>
    scenario(async ({ a, b, c }) => {
      const producer = a.streams.produce(Numbers, { onlineWhen: { minimumOf: 2 } })
      const one = b.streams.consume(Numbers)
      await producer.when.subscribed()
      expect(producer.isOnline).toBe(false)
      const sent = producer.send(1)
      expect(await isPending(sent)).toBe(true)
      const two = c.streams.consume(Numbers)
      await sent
      expect(await Promise.all([one.receive(), two.receive()])).toEqual([1, 1])
      await two.close()
      await producer.when.offline()
      expect(producer.trySend(2)).toMatchObject({ reason: 'offline' })
    }))

  test('a hundred idle ends do nothing at all', () =>
    scenario(async ({ world, a, b }) => {
      const defs = range(0, 50).map((n) => defineStream<number>(`stream ${n}`))
      const producers = defs.map((def) => a.streams.produce(def))
      const consumers = defs.map((def) => b.streams.consume(def))
      await Promise.all([...producers, ...consumers].map((end) => end.when.subscribed()))
      const waits = [...producers, ...consumers].map((end) => end.when.subscribed({ minimumOf: 2 }))
      for (const wait of waits) wait.catch(() => {})
      await world.pass('60s')
      const before = process.cpuUsage()
      const entries = world.sim.trace.hash
      await world.pass('10m')
      const { user } = process.cpuUsage(before)
      expect(entries).toBeDefined()
      expect(user / 1e6).toBeLessThan(600 * 0.01) // ten minutes at under 1 % of a core, the simulation included
    }))
})
