import { createNetwork, defineStream } from '@mosaik/node'

const Orders = defineStream<{ symbol: string; side: 'buy' | 'sell'; price: number }>('orders')

const listen = ['/ip4/127.0.0.1/udp/0/quic-v1']
await using one = await createNetwork('tutorial', { listen })
await using two = await createNetwork('tutorial', { listen, discovery: { bootstrap: one.local.addresses } })

const producer = one.streams.produce(Orders)
const consumer = two.streams.consume(Orders, { where: { symbol: 'ETH', side: { in: ['buy'] }, price: { gte: 100, lt: 200 } } })
await consumer.when.online()
await producer.when.online()

for (let price = 50; price <= 250; price += 50) {
  await producer.send({ symbol: 'ETH', side: 'buy', price })
  await producer.send({ symbol: 'ETH', side: 'sell', price })
  await producer.send({ symbol: 'BTC', side: 'buy', price })
}
console.log(await consumer.receive())
console.log(await consumer.receive())
console.log('of 15 there went over the wire', producer.consumers[0]?.stats.datums)
