import { silentLogger } from '@mosaik/core'
import type { Endpoint } from '@mosaik/core'
import { createDiscovery } from '@mosaik/discovery'
import type { Discovery } from '@mosaik/discovery'
import { createEndpoint } from '@mosaik/libp2p'
import { expect, test } from 'vitest'
import { createStreams, defineStream } from '../src/index.ts'
import type { Streams } from '../src/index.ts'
import { range, take } from './support/world.ts'

const Readings = defineStream<{ n: number; text: string }>('readings')
const Blobs = defineStream<Uint8Array>('blobs', { encode: (bytes) => bytes, decode: (bytes) => bytes })

class Node implements AsyncDisposable {
  readonly endpoint: Endpoint
  readonly discovery: Discovery
  readonly streams: Streams

  constructor(endpoint: Endpoint, discovery: Discovery) {
    this.endpoint = endpoint
    this.discovery = discovery
    this.streams = createStreams(discovery)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.streams.close()
    await this.discovery.close()
    await this.endpoint.close()
  }
}

let networks = 0

async function node(network: string, bootstrap: readonly string[] = []): Promise<Node> {
  const endpoint = await createEndpoint(network, { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'], logger: silentLogger })
  return new Node(endpoint, await createDiscovery(endpoint, { bootstrap }))
}

function fresh(): string {
  return `streams ${process.pid} ${networks++}`
}

test('over QUIC: objects from two producers to two consumers, and a close that says why', async () => {
  const network = fresh()
  await using a = await node(network)
  await using b = await node(network, a.endpoint.addresses)
  await using c = await node(network, a.endpoint.addresses)
  const producers = [a, b].map(({ streams }) => streams.produce(Readings, { lagging: 'wait' }))
  const consumers = [c.streams.consume(Readings), c.streams.consume(Readings, { where: { n: { gte: 150 } } })]
  await Promise.all(consumers.map((consumer) => consumer.when.subscribed({ minimumOf: 2 })))
  const sending = Promise.all(
    producers.map(async (producer, i) => {
      for (const n of range(0, 1000)) await producer.send({ n: i * 1000 + n, text: `item ${n}` })
    }),
  )
  const numbers = async (consumer: (typeof consumers)[0], count: number): Promise<number[]> =>
    (await take(consumer, count)).map(({ n }) => n).sort((x, y) => x - y)
  const [all, some] = await Promise.all([numbers(consumers[0]!, 2000), numbers(consumers[1]!, 1850)])
  await sending
  expect(all).toEqual(range(0, 2000))
  expect(some).toEqual(range(150, 2000))
  const inlet = consumers[0]?.producers.find(({ peerId }) => peerId === a.endpoint.id)
  const outlet = producers[0]?.consumers[0]
  await a.streams.close()
  expect(await inlet?.closed).toMatchObject({ code: 204, name: 'GracefulShutdown' })
  expect(await outlet?.closed).toMatchObject({ code: 204, name: 'GracefulShutdown' })
})

test('over QUIC: a reader that does not read stops the sender at both buffers, large items included', async () => {
  const network = fresh()
  await using a = await node(network)
  await using b = await node(network, a.endpoint.addresses)
  const producer = a.streams.produce(Blobs, { bufferSize: 3 })
  const consumer = b.streams.consume(Blobs, { bufferSize: 2 })
  await producer.when.online()
  const sizes = [16 * 1024 * 1024, 1, 3_000_000, 65_536, 2_000_000]
  for (const size of sizes) await producer.send(new Uint8Array(size).fill(size % 251))
  const rest = Promise.all(range(0, 50).map((n) => producer.send(Uint8Array.of(n))))
  expect(producer.trySend(Uint8Array.of(1))).toMatchObject({ ok: false, reason: 'full' })
  for (const size of sizes) {
    const blob = await consumer.receive()
    expect([blob.length, blob[0], blob.at(-1)]).toEqual([size, size % 251, size % 251])
  }
  expect((await take(consumer, 50)).map((blob) => blob[0])).toEqual(range(0, 50))
  await rest
  expect(consumer.stats.dropped).toBe(0)
})
