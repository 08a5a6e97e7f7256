import { createNetwork, defineStream } from '@mosaik/node'

const Readings = defineStream<number>('readings', undefined, { producer: { onlineWhen: { minimumOf: 2 } } })

const listen = ['/ip4/127.0.0.1/udp/0/quic-v1']
await using one = await createNetwork('tutorial', { listen })
const discovery = { bootstrap: one.local.addresses }
await using two = await createNetwork('tutorial', { listen, discovery })
await using three = await createNetwork('tutorial', { listen, discovery: { ...discovery, tags: 'archive' } })

const producer = one.streams.produce(Readings)
console.log('without consumers:', producer.trySend(1))

const consumer = two.streams.consume(Readings)
await producer.when.subscribed()
console.log('with one it is online:', producer.isOnline)

three.streams.consume(Readings)
await producer.when.subscribed({ tags: 'archive' }) // waits for one that has this tag
await producer.when.online()
console.log('with two:', producer.trySend(2), await consumer.receive())

await three.close()
await producer.when.offline()
console.log('one has left:', producer.consumers.length)
