import { createTicket, uniqueId } from '@mosaik/core'
import type { Expiration, TicketValidator } from '@mosaik/core'
import { describe, expect, test } from 'vitest'
import { defineStream } from '../src/index.ts'
import type { Consumer } from '../src/index.ts'
import { range, scenario, take } from './support/world.ts'

const Numbers = defineStream<number>('numbers')

/** Tickets whose text is when they expire. */
const Pass: TicketValidator = {
  class: uniqueId('pass'),
  signature: uniqueId('pass, any'),
  validate(data): Expiration {
    const text = new TextDecoder().decode(data)
    if (text === 'forged') throw new Error('forged')
    return text === 'never' ? 'never' : Number(text)
  },
}

/** The end of the channel that is there now. */
function ending(consumer: Consumer<unknown>): Promise<unknown> {
  return consumer.producers[0]?.closed ?? Promise.resolve('no channel')
}

describe('a subscription is refused', () => {
  test('with 10404 when nobody produces the stream', () =>
    scenario(async ({ world, a, b }) => {
      b.discovery.insert({ peerId: a.endpoint.id, addresses: a.endpoint.addresses })
      a.discovery.advertise({ stream: Numbers.id })
      await world.pass('1s')
      const consumer = b.streams.consume(Numbers)
      expect(await ending(consumer)).toMatchObject({ code: 10404, name: 'StreamNotFound' })
      expect(consumer.producers[0]?.state).toBe('connecting')
    }))

  test('with 10509 when maxConsumers are subscribed, until one leaves', () =>
    scenario(async ({ world, a, b, c }) => {
      const producer = a.streams.produce(Numbers, { maxConsumers: 1 })
      const first = b.streams.consume(Numbers)
      await first.when.subscribed()
      const second = c.streams.consume(Numbers)
      await world.pass('10ms')
      expect(await ending(second)).toMatchObject({ code: 10509, name: 'NoCapacity' })
      await first.close()
      await second.when.subscribed()
      expect(producer.consumers.map(({ peerId }) => peerId)).toEqual([c.endpoint.id])
    }))

  test('with 10403 by require of the producer; it is back at once when its entry changes', () =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers, { require: (peer) => peer.hasTag('trader') })
      const consumer = b.streams.consume(Numbers)
      await world.pass('10ms')
      expect(await ending(consumer)).toMatchObject({ code: 10403, name: 'NotAllowed' })
      await world.pass('60s')
      const before = a.endpoint.clock.monotonic()
      b.discovery.addTags('trader')
      await producer.when.subscribed({ tags: 'trader' })
      expect(a.endpoint.clock.monotonic() - before).toBeLessThan(100)
    }))

  test('news that the producer has not heard are fetched before it refuses', () =>
    scenario(async ({ world, a, b }) => {
      a.streams.produce(Numbers, { require: (peer) => peer.hasTag('trader') })
      const consumer = b.streams.consume(Numbers)
      await world.pass('30s')
      world.universe.newsMs = 60_000
      const before = b.endpoint.clock.monotonic()
      b.discovery.addTags('trader')
      await consumer.when.subscribed()
      expect(b.endpoint.clock.monotonic() - before).toBeLessThan(200)
    }))

  test('a rule that throws says no', () =>
    scenario(async ({ world, a, b }) => {
      a.streams.produce(Numbers, {
        require: () => {
          throw new Error('careless')
        },
      })
      const consumer = b.streams.consume(Numbers)
      await world.pass('10ms')
      expect(await ending(consumer)).toMatchObject({ code: 10403, name: 'NotAllowed' })
    }))

  test('rules of the definition and of the call add up', () =>
    scenario(async ({ world, a, b }) => {
      const Guarded = defineStream<number>('guarded', undefined, {
        require: (peer) => peer.hasTag('one'),
        producer: { require: (peer) => peer.hasTag('two') },
      })
      const producer = a.streams.produce(Guarded, { require: (peer) => peer.hasTag('three') })
      b.streams.consume(Guarded)
      b.discovery.addTags('one', 'two')
      await world.pass('5s')
      expect(producer.consumers).toEqual([])
      b.discovery.addTags('three')
      await world.pass('5s')
      expect(producer.consumers).toEqual([]) // a lacks tag one, which b requires of it
      a.discovery.addTags('one')
      await producer.when.online()
    }))

  test('refusals are remembered: changes of strangers bring no new attempts', () =>
    scenario(async ({ world, a, b, c }) => {
      let asked = 0
      a.streams.produce(Numbers, { require: () => (asked++, false) })
      b.streams.consume(Numbers)
      await world.pass('30s')
      const before = asked
      for (const n of range(0, 200)) {
        c.discovery.addTags(`tag ${n}`)
        await world.pass('10ms')
      }
      expect(asked - before).toBeLessThan(4)
    }))
})

describe('an unknown caller', () => {
  test('triggers one sync by the producer, and then subscribes', () =>
    scenario(async ({ world, a, b }) => {
      await world.pass('1s')
      world.universe.silent = true
      for (const [here, there] of [
        [a, b],
        [b, a],
      ] as const)
        here.discovery.forget(there.endpoint.id)
      const producer = a.streams.produce(Numbers)
      b.discovery.insert({ peerId: a.endpoint.id, addresses: a.endpoint.addresses, streams: [Numbers.id] })
      const consumer = b.streams.consume(Numbers)
      await producer.send(1)
      expect(await consumer.receive()).toBe(1)
      expect(a.discovery.syncs).toEqual([b.endpoint.id])
    }))

  test('that stays unknown gets 401, syncs once itself, and then waits longer and longer', () =>
    scenario(async ({ world, a, b }) => {
      await world.pass('1s')
      world.universe.silent = true
      a.streams.produce(Numbers)
      for (const [here, there] of [
        [a, b],
        [b, a],
      ] as const)
        here.discovery.forget(there.endpoint.id)
      a.discovery.learn = () => {} // hides everyone, as maxRtt does
      b.discovery.insert({ peerId: a.endpoint.id, addresses: a.endpoint.addresses, streams: [Numbers.id] })
      const consumer = b.streams.consume(Numbers)
      expect(await ending(consumer)).toMatchObject({ code: 401, name: 'UnknownPeer' })
      await world.pass('60s')
      expect(b.discovery.syncs).toEqual([a.endpoint.id])
      expect(a.discovery.syncs.length).toBeLessThan(12)
    }))
})

describe('the round trip', () => {
  test('is measured once before a rule is first asked, and later samples ask it again', () =>
    scenario(async ({ a, b }) => {
      const seen: (number | undefined)[] = []
      a.discovery.measure = async () => 12
      const producer = a.streams.produce(Numbers, { require: ({ rtt }) => (seen.push(rtt), rtt !== undefined && rtt < 50) })
      b.streams.consume(Numbers)
      await producer.when.online()
      expect(seen).toEqual([12])
      expect(a.discovery.measured).toEqual([b.endpoint.id])
      const [channel] = producer.consumers
      expect(channel?.peer.rtt).toBe(12)
      a.discovery.sample(b.endpoint.id, 80)
      expect(await channel?.closed).toMatchObject({ code: 10403 })
    }))

  test('at the consumer likewise', () =>
    scenario(async ({ world, a, b }) => {
      a.streams.produce(Numbers)
      b.discovery.measure = async () => 80
      const consumer = b.streams.consume(Numbers, { require: ({ rtt }) => rtt !== undefined && rtt < 50 })
      await world.pass('5s')
      expect(consumer.producers).toEqual([])
      b.discovery.sample(a.endpoint.id, 20)
      await consumer.when.subscribed()
      const [channel] = consumer.producers
      b.discovery.sample(a.endpoint.id, 60)
      expect(await channel?.closed).toMatchObject({ code: 10403 })
    }))

  test('nobody waits for it where no rule asks', () =>
    scenario(async ({ a, b }) => {
      a.discovery.measure = b.discovery.measure = () => Promise.reject(new Error('no answer'))
      const producer = a.streams.produce(Numbers, { requireTicket: [] })
      b.streams.consume(Numbers)
      await producer.when.online()
      expect([...a.discovery.measured, ...b.discovery.measured]).toEqual([])
    }))

  test('a ping that fails does not keep a rule from being asked', () =>
    scenario(async ({ a, b }) => {
      a.discovery.measure = () => Promise.reject(new Error('no answer'))
      const producer = a.streams.produce(Numbers, { require: ({ rtt }) => rtt === undefined })
      b.streams.consume(Numbers)
      await producer.when.online()
    }))
})

describe('what changes later', () => {
  test('a producer ends a consumer whose entry no longer satisfies its rules', () =>
    scenario(async ({ world, a, b }) => {
      b.discovery.addTags('trader')
      const producer = a.streams.produce(Numbers, { require: (peer) => peer.hasTag('trader') })
      const consumer = b.streams.consume(Numbers)
      await consumer.when.subscribed()
      const [outlet] = producer.consumers
      const [inlet] = consumer.producers
      expect(outlet?.peer.hasTag('trader')).toBe(true)
      b.discovery.removeTags('trader')
      expect(await outlet?.closed).toMatchObject({ code: 10403 })
      expect(await inlet?.closed).toMatchObject({ code: 10403 })
      await world.pass('1s')
      expect(producer.isOnline).toBe(false)
    }))

  test('a ticket that expires ends it with 10403, on either side', () =>
    scenario(async ({ world, a, b, c }) => {
      const until = String(a.endpoint.clock.now() + 10_000)
      b.discovery.addTicket(createTicket('pass', until))
      const producer = a.streams.produce(Numbers, { requireTicket: Pass })
      const consumer = b.streams.consume(Numbers)
      c.streams.consume(Numbers)
      await consumer.when.subscribed()
      const [outlet] = producer.consumers
      await world.pass('9s')
      expect(outlet?.state).toBe('connected')
      await world.pass('2s')
      expect(await outlet?.closed).toMatchObject({ code: 10403, name: 'NotAllowed' })
      expect(producer.consumers).toEqual([])

      const Other = defineStream<number>('other')
      c.discovery.addTicket(createTicket('pass', String(a.endpoint.clock.now() + 10_000)))
      c.streams.produce(Other)
      const reader = b.streams.consume(Other, { requireTicket: [Pass] })
      await reader.when.subscribed()
      const [inlet] = reader.producers
      await world.pass('11s')
      expect(await inlet?.closed).toMatchObject({ code: 10403 })
      expect(reader.producers).toEqual([])
    }))

  test('a renewed ticket interrupts nothing; a revoked one does', () =>
    scenario(async ({ world, a, b }) => {
      const ticket = (ms: number) => createTicket('pass', String(a.endpoint.clock.now() + ms))
      b.discovery.addTicket(ticket(10_000))
      a.discovery.addTicket(ticket(10_000))
      const producer = a.streams.produce(Numbers, { requireTicket: Pass })
      const consumer = b.streams.consume(Numbers, { requireTicket: Pass })
      await consumer.when.subscribed()
      const [outlet] = producer.consumers
      for (let i = 0; i < 20; i++) {
        await world.pass('5s')
        b.discovery.replaceTicket(ticket(10_000))
        a.discovery.replaceTicket(ticket(10_000))
      }
      expect(outlet?.state).toBe('connected')
      expect(outlet?.stats.uptime).toBeGreaterThan(99_000)
      b.discovery.removeTickets('pass')
      expect(await outlet?.closed).toMatchObject({ code: 10403 })
    }))

  test('a peer that leaves the catalog is let go by both sides', () =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers)
      const consumer = b.streams.consume(Numbers)
      await consumer.when.subscribed()
      const [outlet] = producer.consumers
      b.discovery.forget(a.endpoint.id)
      expect(await outlet?.closed).toMatchObject({ code: 401 })
      await world.pass('1s')
      expect(consumer.producers).toEqual([])
      expect(producer.isOnline).toBe(false)
    }))

  test('what a producer sent before it left is still delivered', () =>
    scenario(async ({ world, a, b }) => {
      const producer = a.streams.produce(Numbers, { bufferSize: 100 })
      const consumer = b.streams.consume(Numbers, { bufferSize: 10 })
      await producer.when.online()
      for (const n of range(0, 60)) await producer.send(n)
      const closed = producer.close() // un-advertised at once, before the queue is empty
      await world.pass('50ms')
      expect(await take(consumer, 60)).toEqual(range(0, 60))
      await closed
      expect(consumer.isOnline).toBe(true)
      expect(consumer.producers).toEqual([])
    }))
})
