import { defineStream } from '@mosaik/streams'
import type { When } from '@mosaik/streams'
import { describe, expect, it } from 'vitest'
import { codeOf, outcome, stage, stateOf } from './support.ts'

const Ticks = defineStream<number>('ticks')

describe('when', () => {
  it('resolves at once where the condition already holds, without time or I/O', () =>
    stage(1, async ({ node, nodes }) => {
      const alone = (await node()).streams
      const producer = alone.produce(Ticks)
      const consumer = alone.consume(Ticks)
      for (const holds of [
        producer.when.offline(),
        producer.when.unsubscribed(),
        producer.when.unmet(),
        producer.when.unmet({ minimumOf: 3, tags: ['a', 'b'] }),
        producer.when.subscribed({ minimumOf: 0 }),
        consumer.when.online(), // a consumer is online with nobody
        consumer.when.unsubscribed(),
      ]) {
        expect(await stateOf(holds)).toBe('resolved')
      }
      for (const lacks of [
        producer.when.online(),
        producer.when.subscribed(),
        consumer.when.offline(),
        consumer.when.subscribed(),
        consumer.when.unmet({ minimumOf: 0 }),
      ]) {
        lacks.catch(() => {})
        expect(await stateOf(lacks)).toBe('pending')
      }
      await nodes(1)
    }))

  it('counts peers that have all of the tags and satisfy where', () =>
    stage(2, async ({ node, pass }) => {
      const a = await node()
      const b = await node({ discovery: { tags: ['red', 'large'] } })
      const c = await node({ discovery: { tags: 'red' } })
      const producer = a.streams.produce(Ticks, { onlineWhen: { minimumOf: 2, tags: 'red' } })
      b.streams.consume(Ticks)
      await producer.when.subscribed({ tags: ['red', 'large'] })
      expect(producer.isOnline).toBe(false)
      const both = producer.when.subscribed({ minimumOf: 2, tags: ['red', 'large'] })
      const chosen = producer.when.subscribed({ where: (peer) => peer.peerId === c.local.id })
      c.streams.consume(Ticks)
      await Promise.all([chosen, producer.when.online(), producer.when.subscribed({ minimumOf: 2 })])
      expect(await stateOf(both)).toBe('pending')
      c.discovery.addTags('large')
      await both
      c.discovery.removeTags('red', 'large')
      await producer.when.offline()
      await producer.when.unmet({ tags: 'large', minimumOf: 2 })
      expect(await stateOf(producer.when.unmet({ minimumOf: 2 }))).toBe('pending')
      await pass(1)
    }))

  it('unmet resolves when it no longer holds, unsubscribed when the last peer is gone', () =>
    stage(3, async ({ nodes }) => {
      const [a, b, c] = await nodes(3)
      const consumer = a!.streams.consume(Ticks, { onlineWhen: { minimumOf: 1 } })
      const [first, second] = [b!.streams.produce(Ticks), c!.streams.produce(Ticks)]
      await consumer.when.subscribed({ minimumOf: 2 })
      const unmet = consumer.when.unmet({ minimumOf: 2 })
      const nobody = consumer.when.unsubscribed()
      await first.close()
      await unmet
      expect([await stateOf(nobody), consumer.isOnline]).toEqual(['pending', true])
      await second.close()
      await Promise.all([nobody, consumer.when.offline()])
      expect([consumer.isOnline, consumer.stats.uptime]).toEqual([false, undefined])
    }))

  it('goes offline while the only peer is being retried, and online again; each wait fires again', () =>
    stage(4, async ({ world, nodes }) => {
      const [a, b] = await nodes(2)
      const producer = a!.streams.produce(Ticks)
      const consumer = b!.streams.consume(Ticks, { onlineWhen: { minimumOf: 1 }, backoff: { max: '2s' } })
      for (let round = 0; round < 2; round += 1) {
        await Promise.all([producer.when.online(), consumer.when.online()])
        expect(producer.stats.uptime).toBeLessThan(1_000)
        world.partition(a!)
        await Promise.all([producer.when.offline(), consumer.when.offline(), producer.when.unsubscribed()])
        world.heal()
      }
      await producer.when.subscribed()
      await producer.send(1)
      expect(await consumer.receive()).toBe(1)
    }))

  it('an abort rejects with the reason unchanged, a close with ERR_CLOSED, for every wait of both ends', () =>
    stage(5, async ({ node }) => {
      const { streams } = await node()
      const waitsOf = (when: When, signal?: AbortSignal): Promise<void>[] => {
        const options = signal === undefined ? {} : { signal }
        return [
          when.subscribed({ minimumOf: 2, ...options }),
          when.subscribed({ tags: 'x', ...options }),
          when.unmet({ minimumOf: 0, ...options }),
        ]
      }
      const producer = streams.produce(Ticks)
      const consumer = streams.consume(Ticks, { onlineWhen: { minimumOf: 1 } })
      for (const end of [producer, consumer]) {
        const cut = new AbortController()
        const reason = Symbol('reason')
        const aborted = [...waitsOf(end.when, cut.signal), end.when.online({ signal: cut.signal })].map(outcome)
        const closed = [
          ...waitsOf(end.when),
          end.when.online(),
          end.condition({ minimumOf: 5 }).until(Boolean),
          end.condition({}).changed(),
        ].map((wait) => codeOf(wait))
        cut.abort(reason)
        expect(new Set(await Promise.all(aborted))).toEqual(new Set([reason]))
        for (const wait of waitsOf(end.when, AbortSignal.abort(reason))) expect(await outcome(wait)).toBe(reason)
        await end.close()
        expect(new Set(await Promise.all(closed))).toEqual(new Set(['ERR_CLOSED']))
        expect(await codeOf(end.when.online())).toBe('ERR_CLOSED')
        expect(await stateOf(end.when.offline())).toBe('resolved')
        expect(await codeOf(end.when.subscribed())).toBe('ERR_CLOSED')
      }
    }))

  it('a predicate that throws counts nobody and harms nobody', () =>
    stage(6, async ({ nodes }) => {
      const [a, b] = await nodes(2)
      const producer = a!.streams.produce(Ticks)
      b!.streams.consume(Ticks)
      const never = producer.when.subscribed({
        where: () => {
          throw new Error('mine')
        },
      })
      never.catch(() => {})
      await producer.when.subscribed()
      expect(await stateOf(never)).toBe('pending')
      await producer.send(1)
    }))
})

describe('condition', () => {
  it('tells whether it holds now, and when that changes', () =>
    stage(10, async ({ nodes }) => {
      const [a, b, c] = await nodes(3)
      const producer = a!.streams.produce(Ticks)
      const two = producer.condition({ minimumOf: 2 })
      expect(two.value).toBe(false)
      const seen: boolean[] = []
      const followed = (async () => {
        for await (const holds of two) seen.push(holds)
      })()
      const first = b!.streams.consume(Ticks)
      await producer.when.subscribed()
      expect([two.value, producer.condition({}).value, producer.condition({ minimumOf: 0 }).value]).toEqual([false, true, true])
      const changed = two.changed()
      const second = c!.streams.consume(Ticks)
      expect(await changed).toBe(true)
      expect([two.value, await two.until((holds) => holds)]).toEqual([true, true])
      await first.close()
      expect(await two.until((holds) => !holds)).toBe(false)
      await second.close()
      await producer.close()
      await followed // a closed end ends the iteration
      expect(seen).toEqual([false, true, false])
      expect(await codeOf(two.changed())).toBe('ERR_CLOSED')
    }))

  it('rejects a malformed one by name', () =>
    stage(11, async ({ node }) => {
      const producer = (await node()).streams.produce(Ticks)
      expect(await codeOf(() => producer.condition({ minimumOf: -1 }))).toBe('ERR_INVALID_OPTION')
      expect(await outcome(producer.when.subscribed({ minimumOf: 1.5 }))).toMatchObject({
        code: 'ERR_INVALID_OPTION',
        message: expect.stringContaining('minimumOf'),
      })
      expect(await codeOf(producer.when.unmet({ where: 3 as never }))).toBe('ERR_INVALID_OPTION')
    }))
})

describe('an idle node', () => {
  it('with 50 producers and consumers does nothing but its announcements', () =>
    stage(20, async ({ world, nodes, pass }) => {
      const [a, b] = await nodes(2)
      const pairs = Array.from({ length: 50 }, (_, i) => {
        const definition = defineStream<number>(`stream ${i}`)
        const producer = a!.streams.produce(definition)
        return { producer, consumer: b!.streams.consume(definition), waits: outcome(producer.when.subscribed({ minimumOf: 2 })) }
      })
      await Promise.all(pairs.map(({ producer }) => producer.when.subscribed()))
      await pass(1_000)
      const before = world.trace.events
      await pass(60_000)
      // an event is a message or a timer: announcements, comparisons and keep-alives of two nodes in a minute
      expect(world.trace.events - before).toBeLessThan(400)
    }))
})
