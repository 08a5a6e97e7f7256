import { createTicket } from '@mosaik/core'
import type { Endpoint } from '@mosaik/core'
import { simWorld } from '@mosaik/core/testing'
import type { SimWorld } from '@mosaik/core/testing'
import { createDiscovery } from '@mosaik/discovery'
import type { Discovery } from '@mosaik/discovery'
import { expect, test } from 'vitest'
import { createStreams, defineStream } from '../src/index.ts'
import type { Streams } from '../src/index.ts'
import { range, take } from './support/world.ts'

const Numbers = defineStream<number>('numbers')

interface Node {
  readonly endpoint: Endpoint
  readonly discovery: Discovery
  readonly streams: Streams
}

/** Nodes as users have them, on simulated endpoints. */
async function node(world: SimWorld, bootstrap: readonly string[], options: { readonly maxRtt?: number } = {}): Promise<Node> {
  const endpoint = await world.endpoint('streams-on-discovery')
  const discovery = await createDiscovery(endpoint, { bootstrap, ...options })
  return { endpoint, discovery, streams: createStreams(discovery) }
}

async function inWorld(seed: number, body: (world: SimWorld) => Promise<void>): Promise<void> {
  const world = simWorld({ seed, latency: { min: 1, max: 10 } })
  try {
    await world.run(() => body(world), { within: '30m' })
  } finally {
    await world.close()
  }
}

test('nodes that know one address stream to each other', () =>
  inWorld(1, async (world) => {
    const hub = await node(world, [])
    const nodes = await Promise.all(range(0, 6).map(() => node(world, hub.endpoint.addresses)))
    const producers = nodes.slice(0, 3).map(({ streams }) => streams.produce(Numbers, { onlineWhen: { minimumOf: 3 } }))
    const consumers = nodes.slice(3).map(({ streams }) => streams.consume(Numbers))
    await Promise.all([
      ...producers.map((producer) => producer.when.online()),
      ...consumers.map((consumer) => consumer.when.subscribed({ minimumOf: 3 })),
    ])
    for (const [i, producer] of producers.entries()) for (const n of range(0, 100)) await producer.send(i * 100 + n)
    for (const consumer of consumers) expect((await take(consumer, 300)).sort((a, b) => a - b)).toEqual(range(0, 300))
  }))

test('a consumer that is told of a producer by hand subscribes, though the producer has never heard of it', () =>
  inWorld(2, async (world) => {
    const a = await node(world, [])
    const b = await node(world, [])
    const producer = a.streams.produce(Numbers)
    expect(b.discovery.insert({ peerId: a.endpoint.id, addresses: a.endpoint.addresses, streams: [Numbers.id] })).toBe(true)
    const consumer = b.streams.consume(Numbers)
    await producer.send(1)
    expect(await consumer.receive()).toBe(1)
  }))

test('rules by tag, ticket and round trip follow the live entries', () =>
  inWorld(3, async (world) => {
    const a = await node(world, [])
    const b = await node(world, a.endpoint.addresses)
    world.shapePath(a.endpoint, b.endpoint, { latency: 5 })
    const seen: (number | undefined)[] = []
    const producer = a.streams.produce(Numbers, {
      require: (peer) => {
        seen.push(peer.rtt)
        return peer.hasTag('trader') && peer.tickets.length > 0 && peer.rtt !== undefined && peer.rtt < 50
      },
    })
    const consumer = b.streams.consume(Numbers)
    await world.run('5s')
    expect(producer.consumers).toEqual([])
    b.discovery.addTags('trader')
    b.discovery.addTicket(createTicket('pass', 'x'))
    await consumer.when.subscribed()
    expect(seen.every((rtt) => rtt !== undefined && rtt >= 10)).toBe(true)
    const [outlet] = producer.consumers
    // The path becomes slow: background samples notice.
    world.shapePath(a.endpoint, b.endpoint, { latency: 200 })
    expect(await outlet?.closed).toMatchObject({ code: 10403 })
    world.shapePath(a.endpoint, b.endpoint, { latency: 5 })
    await consumer.when.subscribed()
    b.discovery.removeTags('trader')
    expect(await producer.consumers[0]?.closed).toMatchObject({ code: 10403 })
  }))

test('a node that is partitioned, and one that starts again, are streamed to again', () =>
  inWorld(4, async (world) => {
    const a = await node(world, [])
    const b = await node(world, a.endpoint.addresses)
    const producer = a.streams.produce(Numbers)
    const consumer = b.streams.consume(Numbers)
    await producer.send(1)
    expect(await consumer.receive()).toBe(1)
    for (const pause of ['20s', '400s'] as const) {
      const heal = world.partition(b.endpoint)
      await consumer.when.unsubscribed()
      await world.run(pause)
      heal()
      const before = world.now
      await consumer.when.subscribed()
      expect(world.now - before).toBeLessThan(15_000)
    }
    await producer.send(2)
    expect(await consumer.receive()).toBe(2)
    world.crash(a.endpoint)
    await consumer.when.unsubscribed()
    const endpoint = await world.restart(a.endpoint)
    const again = createStreams(await createDiscovery(endpoint, { bootstrap: b.endpoint.addresses }))
    await again.produce(Numbers).send(3)
    expect(await consumer.receive()).toBe(3)
  }))

test('a node whose network closes says so everywhere', () =>
  inWorld(5, async (world) => {
    const a = await node(world, [])
    const b = await node(world, a.endpoint.addresses)
    const producer = a.streams.produce(Numbers)
    const consumer = b.streams.consume(Numbers)
    await producer.when.online()
    for (const n of range(0, 500)) await producer.send(n)
    const inlet = consumer.producers[0]
    const reading = take(consumer, 500)
    await a.streams.close()
    await a.discovery.close()
    await a.endpoint.close()
    expect(await inlet?.closed).toMatchObject({ code: 204, name: 'GracefulShutdown' })
    expect(await reading).toEqual(range(0, 500))
    expect(consumer.producers).toEqual([])
  }))
