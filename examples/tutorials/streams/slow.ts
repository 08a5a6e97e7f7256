import { createNetwork, defineStream } from '@mosaik/node'

const Numbers = defineStream<number>('numbers', undefined, {
  producer: { bufferSize: 100, lagging: 'drop' },
  consumer: { bufferSize: 100 },
})

const listen = ['/ip4/127.0.0.1/udp/0/quic-v1']
await using one = await createNetwork('tutorial', { listen })
const discovery = { bootstrap: one.local.addresses }
await using two = await createNetwork('tutorial', { listen, discovery })
await using three = await createNetwork('tutorial', { listen, discovery })

const producer = one.streams.produce(Numbers)
const fast = two.streams.consume(Numbers)
const slow = three.streams.consume(Numbers)
await producer.when.subscribed({ minimumOf: 2 })

// One reads, the other does not: the one that does is not held up.
let read = 0
const reading = (async () => {
  for await (const n of fast) {
    read += 1
    if (n === 10_000) return
  }
})()
for (let n = 1; n <= 10_000; n++) await producer.send(n)
await reading
const missed = producer.consumers.find(({ peerId }) => peerId === three.local.id)?.stats.dropped
console.log('fast has read', read, 'and slow has missed', missed)
console.log('slow begins with', await slow.receive())
