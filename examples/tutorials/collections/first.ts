import { createNetwork, defineMap } from '@mosaik/node'

const Prices = defineMap<string, number>('prices', undefined, { consensus: 'fast' })

const listen = ['/ip4/127.0.0.1/udp/0/quic-v1']
await using one = await createNetwork('tutorial', { listen })
await using two = await createNetwork('tutorial', { listen, discovery: { bootstrap: one.local.addresses } })

const prices = one.collections.writer(Prices)
const replica = two.collections.reader(Prices) // the same, without the methods that write

const { version, result } = await prices.insert('ETH', 3_200)
console.log('before:', result, 'now:', prices.get('ETH'))

await replica.when.reaches(version) // who has heard of a version can wait for it
console.log('there:', replica.get('ETH'), 'of', replica.size)

await replica.when.reaches(await prices.extend([['BTC', 61_000], ['DOT', 7]])) // prettier-ignore
for (const [symbol, price] of replica) console.log(symbol, price)
