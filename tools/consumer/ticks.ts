// Two nodes with the three lowest floors only, and nothing of the workspace: what an empty project has after `npm install`.
import { createDiscovery } from '@mosaik/discovery'
import { createEndpoint } from '@mosaik/libp2p'
import { createStreams, defineStream } from '@mosaik/streams'

const Ticks = defineStream<number>('ticks')
const listen = ['/ip4/127.0.0.1/udp/0/quic-v1']

await using endpoint = await createEndpoint('my-app', { listen })
await using discovery = await createDiscovery(endpoint)
await using streams = createStreams(discovery)
const producer = streams.produce(Ticks)

await using endpoint2 = await createEndpoint('my-app', { listen })
await using discovery2 = await createDiscovery(endpoint2, { bootstrap: endpoint.addresses })
await using streams2 = createStreams(discovery2)
const consumer = streams2.consume(Ticks)

const heard: number[] = []
for (const n of [1, 2, 3]) {
  await producer.send(n)
  heard.push(await consumer.receive())
}
console.log('heard', ...heard)
