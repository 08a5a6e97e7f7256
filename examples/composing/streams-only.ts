import { createDiscovery } from '@mosaik/discovery'
import { createEndpoint } from '@mosaik/libp2p'
import { createStreams, defineStream } from '@mosaik/streams'
import type { Streams } from '@mosaik/streams'

const Ticks = defineStream<number>('ticks')

/** A runtime of three floors. What is put on the stack last ends first. */
async function start(bootstrap: readonly string[]): Promise<{ streams: Streams; addresses: readonly string[] } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const endpoint = stack.use(await createEndpoint('my-app', { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'] }))
  const discovery = stack.use(await createDiscovery(endpoint, { bootstrap }))
  const streams = stack.use(createStreams(discovery))
  const all = stack.move() // all of them have started: from now on they are the caller's
  return { streams, addresses: endpoint.addresses, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

await using one = await start([])
await using two = await start(one.addresses)
const consumer = two.streams.consume(Ticks)
await one.streams.produce(Ticks).send(1)
console.log('heard', await consumer.receive())
