import { setTimeout as delay } from 'node:timers/promises'
import { createNetwork, defineStream } from '@mosaik/node'

const Ticks = defineStream<{ from: string; n: number }>('ticks')

// The same program on every machine: a network name, and any address of any node that is already there.
await using network = await createNetwork('my-app', { discovery: { bootstrap: process.argv.slice(2) } })
console.log('others can join with', network.local.addresses[0])

const consumer = network.streams.consume(Ticks)
void (async () => {
  for await (const tick of consumer) console.log(`${tick.from} says ${tick.n}`)
})()

const producer = network.streams.produce(Ticks)
for (let n = 1; ; n += 1) {
  await producer.send({ from: network.local.id.slice(-6), n }) // waits until somebody listens
  await delay(500)
}
