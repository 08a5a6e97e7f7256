import { createTicket, uniqueId } from '@mosaik/core'
import type { TicketValidator } from '@mosaik/core'
import type { Network } from '@mosaik/node'
import { defineStream } from '@mosaik/streams'
import type { PeerView } from '@mosaik/streams'
import { describe, expect, it } from 'vitest'
import { drain, outcome, PASS, passes, passFor, stage, stateOf } from './support.ts'

const Ticks = defineStream<number>('ticks')
const good = (peer: PeerView): boolean => peer.hasTag('good')
const pass = (node: Network, until: number | 'never') => createTicket(PASS, passFor(node.local.id, until))

describe('require', () => {
  it.each(['producer', 'consumer'] as const)('of a %s refuses with NotAllowed, and lets in at once when the entry changes', (side) =>
    stage(`require ${side}`, async ({ world, nodes, pass: sleep }) => {
      const [a, b] = await nodes(2)
      const producer = a!.streams.produce(Ticks, side === 'producer' ? { require: good } : {})
      const consumer = b!.streams.consume(Ticks, side === 'consumer' ? { require: good } : {})
      const judged = side === 'producer' ? b! : a!
      await sleep(120_000) // by now a retry by backoff would take up to a minute and a half
      expect([producer.consumers.length, await stateOf(consumer.when.unsubscribed())]).toEqual([0, 'resolved'])
      const before = world.now
      judged.discovery.addTags('good')
      await producer.when.subscribed()
      expect(world.now - before).toBeLessThan(2_000)
      const channel = producer.consumers[0]!
      judged.discovery.removeTags('good')
      expect(await channel.closed).toMatchObject({ code: 10403, name: 'NotAllowed' })
      judged.discovery.addTags('good')
      await producer.when.subscribed()
      await producer.send(1)
      expect(await consumer.receive()).toBe(1)
    }),
  )

  it('refused, a consumer does not hammer: attempts become rare', () =>
    stage('hammer', async ({ nodes, pass: sleep }) => {
      const [a, b] = await nodes(2)
      let asked = 0
      a!.streams.produce(Ticks, { require: (peer) => (peer.peerId === b!.local.id && (asked += 1), false) })
      b!.streams.consume(Ticks)
      await sleep(600_000)
      expect(asked).toBeGreaterThan(5)
      expect(asked).toBeLessThan(200)
    }))

  it('sees the whole view of a peer: the round trip has been measured once before it is first asked', () =>
    stage('rtt', async ({ world, nodes }) => {
      const [a, b] = await nodes(2)
      world.shapePath(a!, b!, { latency: 40, jitter: 0 })
      const views: PeerView[] = []
      const look = (peer: PeerView): boolean => views.push(peer) > 0
      const producer = a!.streams.produce(Ticks, { require: look })
      const consumer = b!.streams.consume(Ticks, { require: look })
      await Promise.all([producer.when.subscribed(), consumer.when.subscribed()])
      expect(new Set(views.map(({ peerId }) => peerId))).toEqual(new Set([a!.local.id, b!.local.id]))
      for (const view of views) {
        expect(view.rtt).toBeGreaterThanOrEqual(70)
        expect(view.rtt).toBeLessThan(200)
        expect([view.networkId, view.signed, view.addresses.length]).toEqual([a!.id, true, 1])
      }
      expect(a!.discovery.rtt(b!.local.id)).toBe(producer.consumers[0]!.peer.rtt)
    }))

  it.each(['silent', 'absent'] as const)('waits at most a second for a peer whose answer to a ping is %s', (ping) =>
    stage(`ping ${ping}`, async ({ world, nodes }) => {
      const [a, b] = await nodes(2)
      const PING = '/mosaik/discovery/ping/1.0'
      b!.discovery.endpoint.unhandle(PING)
      if (ping === 'silent') b!.discovery.endpoint.handle(PING, () => {})
      const rtts: (number | undefined)[] = []
      const before = world.now
      const producer = a!.streams.produce(Ticks, { require: ({ rtt }) => rtts.push(rtt) > 0 })
      b!.streams.consume(Ticks)
      await producer.when.subscribed()
      expect(world.now - before).toBeLessThan(1_500)
      expect(new Set(rtts)).toEqual(new Set([undefined]))
    }),
  )

  it('is asked again when the round trip changes', () =>
    stage('slow', async ({ world, nodes }) => {
      const options = { discovery: { rttProbeInterval: '2s' as const } }
      const [a, b] = await nodes(2, options)
      world.shapePath(a!, b!, { latency: 5, jitter: 0 })
      const producer = a!.streams.produce(Ticks, { require: ({ rtt }) => rtt !== undefined && rtt < 60 })
      b!.streams.consume(Ticks)
      await producer.when.subscribed()
      const channel = producer.consumers[0]!
      world.shapePath(a!, b!, { latency: 300 })
      expect(await channel.closed).toMatchObject({ code: 10403 })
      world.shapePath(a!, b!, { latency: 5 })
      await producer.when.subscribed()
    }))

  it('without a rule nothing is measured and nothing waits', () =>
    stage('no rule', async ({ world, nodes, pass: sleep }) => {
      const [a, b] = await nodes(2)
      world.shapePath(a!, b!, { latency: 10, jitter: 0 })
      await sleep(5_000)
      const before = world.now
      const producer = a!.streams.produce(Ticks)
      b!.streams.consume(Ticks)
      await producer.when.subscribed()
      expect(world.now - before).toBeLessThan(200)
      await sleep(120_000)
      expect([a!.discovery.rtt(b!.local.id), b!.discovery.rtt(a!.local.id)]).toEqual([undefined, undefined])
    }))

  it('of definition and call add up; for other keys the call wins', () =>
    stage('add up', async ({ node }) => {
      const both = { discovery: { tags: ['good', 'tall'] } }
      const [a, b, c] = [await node(both), await node(both), await node({ discovery: { tags: 'good' } })]
      const Rated = defineStream<number>('rated', undefined, { require: good, producer: { onlineWhen: { minimumOf: 9 }, bufferSize: 1 } })
      const producer = a.streams.produce(Rated, { require: (peer) => peer.hasTag('tall'), onlineWhen: { minimumOf: 1 } })
      const consumers = [b.streams.consume(Rated), c.streams.consume(Rated)]
      await producer.when.online()
      expect(producer.consumers.map(({ peerId }) => peerId)).toEqual([b.local.id])
      c.discovery.addTags('tall')
      await producer.when.subscribed({ minimumOf: 2 })
      a.discovery.removeTags('good') // the unprefixed rule holds for both sides
      await Promise.all([producer.when.unsubscribed(), ...consumers.map((consumer) => consumer.when.unsubscribed())])
    }))
})

describe('tickets', () => {
  it.each(['producer', 'consumer'] as const)(
    'required by a %s: missing, foreign and expired ones are refused, a valid one is let in at once',
    (side) =>
      stage(`ticket ${side}`, async ({ world, nodes, pass: sleep }) => {
        const [a, b] = await nodes(2)
        const now = (): number => a!.discovery.endpoint.clock.now()
        const producer = a!.streams.produce(Ticks, side === 'producer' ? { requireTicket: passes } : {})
        b!.streams.consume(Ticks, side === 'consumer' ? { requireTicket: [passes] } : {})
        const [judge, judged] = side === 'producer' ? [a!, b!] : [b!, a!]
        for (const ticket of [
          undefined,
          pass(judge, 'never'),
          pass(judged, now() - 1),
          createTicket('another class', passFor(judged.local.id, 'never')),
        ]) {
          if (ticket !== undefined) judged.discovery.addTicket(ticket)
          await sleep(5_000)
          expect(producer.consumers.length).toBe(0)
        }
        const before = world.now
        judged.discovery.addTicket(pass(judged, now() + 60_000))
        await producer.when.subscribed()
        expect(world.now - before).toBeLessThan(2_000)
        const channel = producer.consumers[0]!
        expect(await channel.closed).toMatchObject({ code: 10403 }) // when it expires
        expect(world.now - before).toBeGreaterThanOrEqual(60_000)
        expect(world.now - before).toBeLessThan(61_000)
      }),
  )

  it('renewed at half-life, over and over, never interrupt', () =>
    stage('renewal', async ({ nodes, pass: sleep }) => {
      const [a, b] = await nodes(2)
      const now = (): number => a!.discovery.endpoint.clock.now()
      const renew = (): void => [a!, b!].forEach((node) => node.discovery.replaceTicket(pass(node, now() + 20_000)))
      renew()
      const producer = a!.streams.produce(Ticks, { requireTicket: passes })
      const consumer = b!.streams.consume(Ticks, { requireTicket: passes })
      await producer.when.subscribed()
      const channel = producer.consumers[0]!
      for (let round = 0; round < 6; round += 1) {
        await sleep(10_000)
        renew()
        await producer.send(round)
      }
      await sleep(100)
      expect([channel.state, drain(consumer)]).toEqual(['connected', [0, 1, 2, 3, 4, 5]])
      expect(a!.discovery.me.tickets.length).toBe(1)
    }))

  it('that overlap do not interrupt either: the latest expiry counts', () =>
    stage('overlap', async ({ nodes, pass: sleep }) => {
      const [a, b] = await nodes(2)
      const now = a!.discovery.endpoint.clock.now()
      b!.discovery.addTicket(pass(b!, now + 10_000))
      b!.discovery.addTicket(pass(b!, now + 30_000))
      const producer = a!.streams.produce(Ticks, { requireTicket: passes })
      b!.streams.consume(Ticks)
      await producer.when.subscribed()
      const channel = producer.consumers[0]!
      await sleep(25_000)
      expect(channel.state).toBe('connected')
      await channel.closed
      expect(a!.discovery.endpoint.clock.now() - now).toBeGreaterThanOrEqual(30_000)
    }))

  it.each(['producer', 'consumer'] as const)('withdrawn from the %s end the subscription at once', (holder) =>
    stage(`revoked ${holder}`, async ({ world, nodes }) => {
      const [a, b] = await nodes(2)
      const judged = holder === 'producer' ? a! : b!
      const ticket = pass(judged, 'never')
      judged.discovery.addTicket(ticket)
      const producer = a!.streams.produce(Ticks, holder === 'consumer' ? { requireTicket: passes } : {})
      b!.streams.consume(Ticks, holder === 'producer' ? { requireTicket: passes } : {})
      await producer.when.subscribed()
      const channel = producer.consumers[0]!
      const before = world.now
      judged.discovery.removeTicket(ticket.id)
      expect(await channel.closed).toMatchObject({ code: 10403 })
      expect(world.now - before).toBeLessThan(2_000)
    }),
  )

  it('of several validators all are needed, the earliest expiry counts', () =>
    stage('several', async ({ nodes, pass: sleep }) => {
      const [a, b] = await nodes(2)
      const now = a!.discovery.endpoint.clock.now()
      const second: TicketValidator = {
        class: uniqueId('second'),
        signature: uniqueId('second/1'),
        validate: (data) => Number(new TextDecoder().decode(data)),
      }
      const producer = a!.streams.produce(Ticks, { requireTicket: [passes, second] })
      b!.streams.consume(Ticks)
      b!.discovery.addTicket(pass(b!, 'never'))
      await sleep(5_000)
      expect(producer.consumers.length).toBe(0)
      b!.discovery.addTicket(createTicket('second', String(now + 20_000)))
      await producer.when.subscribed()
      expect(await producer.consumers[0]!.closed).toMatchObject({ code: 10403 })
      expect(a!.discovery.endpoint.clock.now() - now).toBeLessThan(21_500)
    }))

  it('that hold are not judged again for every announcement', () =>
    stage('cached', async ({ nodes, pass: sleep }) => {
      const [a, b] = await nodes(3)
      b!.discovery.addTicket(pass(b!, 'never'))
      const producer = a!.streams.produce(Ticks, { requireTicket: passes })
      b!.streams.consume(Ticks)
      await producer.when.subscribed()
      const before = passes.calls
      await sleep(300_000)
      expect(passes.calls - before).toBe(0)
    }))
})

describe('maxConsumers', () => {
  it('counts subscriptions; the surplus gets NoCapacity and comes when there is room', () =>
    stage('capacity', async ({ nodes, pass: sleep }) => {
      const [a, b, c] = await nodes(3)
      const producer = a!.streams.produce(Ticks, { maxConsumers: 1 })
      const [first, twin] = [b!.streams.consume(Ticks), b!.streams.consume(Ticks)]
      await Promise.all([first.when.subscribed(), twin.when.subscribed()])
      const late = c!.streams.consume(Ticks, { backoff: { max: '5s' } })
      await sleep(100)
      const refused = await outcome(late.producers[0]!.closed)
      expect(refused).toMatchObject({ code: 10509, name: 'NoCapacity' })
      await sleep(5_000)
      expect(producer.consumers.map(({ peerId }) => peerId)).toEqual([b!.local.id])
      await Promise.all([first.close(), twin.close()])
      await late.when.subscribed()
    }))
})

describe('who is not known', () => {
  it('subscribes through an unsigned entry; the producer learns of the caller by one sync', () =>
    stage('unsigned', async ({ world, pass: sleep }) => {
      const a = await world.node('acceptance')
      const b = await world.node('acceptance')
      const producer = a.streams.produce(Ticks)
      expect(b.discovery.insert({ peerId: a.local.id, addresses: a.local.addresses, streams: ['ticks'], tags: ['by hand'] })).toBe(true)
      const consumer = b.streams.consume(Ticks)
      await producer.when.subscribed()
      expect(a.discovery.catalog.value.get(b.local.id)?.signed).toBe(true)
      await producer.send(1)
      expect(await consumer.receive()).toBe(1)
      await sleep(100)
      expect(b.discovery.catalog.value.get(a.local.id)?.signed).toBe(true)
    }))

  it('toggling a tag fast delivers every item exactly once', () =>
    stage('toggle', async ({ nodes, pass: sleep }) => {
      const [a, b] = await nodes(2)
      const producer = a!.streams.produce(Ticks, { lagging: 'wait' })
      const consumer = b!.streams.consume(Ticks, { require: good })
      a!.discovery.addTags('good')
      const got: number[] = []
      const reading = (async () => {
        for await (const n of consumer) got.push(n)
      })()
      let sent = 0
      for (let round = 0; round < 60; round += 1) {
        a!.discovery[round % 2 === 0 ? 'removeTags' : 'addTags']('good')
        while (producer.trySend(sent).ok) if ((sent += 1) % 7 === 0) break
        await sleep(round % 5 === 0 ? 200 : 3)
      }
      a!.discovery.addTags('good')
      await sleep(200) // the consumer hears of every toggle, and of the last one after it may have left over the one before
      await producer.when.subscribed()
      for (let n = 0; n < 20; n += 1) await producer.send(sent++)
      await sleep(500)
      await consumer.close()
      await reading
      expect(got).toEqual(got.toSorted((x, y) => x - y))
      expect(new Set(got).size).toBe(got.length)
      expect(got.slice(-20)).toEqual(Array.from({ length: 20 }, (_, n) => sent - 20 + n))
    }))

  it('streams of another version, name or network never meet', () =>
    stage('apart', async ({ world, nodes, pass: sleep }) => {
      const [a, b] = await nodes(2)
      const stranger = await world.node('elsewhere', { discovery: { bootstrap: a!.local.addresses } })
      const producer = a!.streams.produce(defineStream<number>('ticks', undefined, { version: 2 }))
      for (const definition of [Ticks, defineStream<number>('ticks', undefined, { version: 1 }), defineStream<number>('Ticks')])
        b!.streams.consume(definition)
      stranger.streams.consume(defineStream<number>('ticks', undefined, { version: 2 }))
      await sleep(60_000)
      expect(producer.consumers.length).toBe(0)
      expect(new Set([Ticks.id, producer.id])).toEqual(new Set([uniqueId('ticks'), producer.id]))
      expect(stranger.discovery.catalog.value.size).toBe(0)
    }))
})
