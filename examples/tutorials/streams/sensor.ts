import { setTimeout as delay } from 'node:timers/promises'
import { createNetwork } from '@mosaik/node'
import { Readings } from './readings.ts'

await using network = await createNetwork('tutorial', { discovery: { bootstrap: process.argv.slice(2) } })
const sensor = network.local.id.slice(-6)
console.log(`sensor ${sensor}, others can join with`, network.local.addresses[0])

const producer = network.streams.produce(Readings)
for (let n = 0; ; n++) {
  await producer.send({ sensor, celsius: 20 + (n % 5) })
  await delay(200)
}
