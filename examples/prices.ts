import { setTimeout as delay } from 'node:timers/promises'
import { createNetwork, defineMap } from '@mosaik/node'

const Prices = defineMap<string, number>('prices')

await using network = await createNetwork('my-app', { discovery: { bootstrap: process.argv.slice(2) } })
console.log('others can join with', network.local.addresses[0])

// Each node has the whole Map. It is read like a Map, and written by whoever opens it as a writer.
const prices = network.collections.writer(Prices)
for (;;) {
  await prices.insert(network.local.id.slice(-6), Math.round(Math.random() * 100), { timeout: '1m' }) // resolves once it can be read here
  console.log([...prices].map(([seller, price]) => `${seller} sells at ${price}`).join(', '))
  await delay(500)
}
