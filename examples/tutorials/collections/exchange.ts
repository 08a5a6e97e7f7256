import { createNetwork, defineMap } from '@mosaik/node'
import type { MapWriter } from '@mosaik/node'

const Stock = defineMap<string, number>('stock', undefined, { consensus: { preset: 'fast', minMembers: 2 } })

const listen = ['/ip4/127.0.0.1/udp/0/quic-v1']
await using one = await createNetwork('tutorial', { listen })
await using two = await createNetwork('tutorial', { listen, discovery: { bootstrap: one.local.addresses } })
const [here, there] = [one.collections.writer(Stock), two.collections.writer(Stock)]

/** Takes one, unless it is the last: reads, decides, and writes only if nobody else has written meanwhile. */
async function take(stock: MapWriter<string, number>): Promise<boolean> {
  for (;;) {
    const left = stock.get('apples')
    if (left === undefined || left === 0) return false
    const { result } = await stock.compareExchange('apples', left, left - 1)
    if (result) return true
  }
}

await there.when.reaches(await here.insert('apples', 10))
const buyers = Array.from({ length: 15 }, (_, i) => take(i % 2 === 0 ? here : there))
const got = (await Promise.all(buyers)).filter(Boolean).length
console.log(`${got} of ${buyers.length} got one, ${here.get('apples')} are left`)
