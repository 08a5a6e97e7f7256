import { createNetwork, defineStream, MosaikError } from '@mosaik/node'

interface Order {
  readonly price: number
}

// A Standard Schema. With zod it is `z.object({ price: z.number().positive() })`; valibot and arktype do as well.
const order = {
  '~standard': {
    version: 1 as const,
    vendor: 'tutorial',
    validate(value: unknown) {
      const isOrder = typeof value === 'object' && value !== null && 'price' in value && Number(value.price) > 0
      return isOrder ? { value: value as Order } : { issues: [{ message: 'an order has a price above 0' }] }
    },
  },
}
const Orders = defineStream('orders', order)

const listen = ['/ip4/127.0.0.1/udp/0/quic-v1']
await using one = await createNetwork('tutorial', { listen })
await using two = await createNetwork('tutorial', { listen, discovery: { bootstrap: one.local.addresses } })

const producer = one.streams.produce(Orders)
const consumer = two.streams.consume(Orders)
try {
  await producer.send({ price: -1 })
} catch (error) {
  if (MosaikError.is(error, 'ERR_INVALID_DATUM')) console.log(error.code, error.datum)
}
await producer.send({ price: 3_200 })
console.log(await consumer.receive())
