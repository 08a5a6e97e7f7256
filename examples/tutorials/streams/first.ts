import { createNetwork, defineStream } from '@mosaik/node'

// A name and a type: all that producers and consumers have to agree on.
const Readings = defineStream<{ sensor: string; celsius: number }>('readings')

const listen = ['/ip4/127.0.0.1/udp/0/quic-v1']
await using one = await createNetwork('tutorial', { listen })
await using two = await createNetwork('tutorial', { listen, discovery: { bootstrap: one.local.addresses } })

const producer = one.streams.produce(Readings)
const consumer = two.streams.consume(Readings)

await producer.send({ sensor: 'cellar', celsius: 11.5 }) // waits until somebody consumes
await producer.send({ sensor: 'attic', celsius: 34 })

for (let read = 0; read < 2; read++) {
  const { sensor, celsius } = await consumer.receive()
  console.log(`${sensor}: ${celsius} °C`)
}
