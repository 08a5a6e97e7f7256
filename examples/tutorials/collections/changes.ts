import { createNetwork, defineMap } from '@mosaik/node'

const Prices = defineMap<string, number>('prices', undefined, { consensus: 'fast' })

const listen = ['/ip4/127.0.0.1/udp/0/quic-v1']
await using one = await createNetwork('tutorial', { listen })
await using two = await createNetwork('tutorial', { listen, discovery: { bootstrap: one.local.addresses } })
const prices = one.collections.writer(Prices)
const replica = two.collections.reader(Prices)

await replica.when.reaches(await prices.insert('ETH', 3_200))
const changes = replica.changes() // from this call on, each of them, in order
await prices.insert('ETH', 3_300)
await prices.remove('ETH')
await prices.clear()

for await (const change of changes) {
  if (change.type !== 'write') continue // 'reset': a whole state has come; 'lagged': this loop is too slow
  console.log(change.method, change.result)
  if (change.method === 'clear') break
}
