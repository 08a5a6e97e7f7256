import { createNetwork } from '@mosaik/node'
import { Readings } from './readings.ts'

await using network = await createNetwork('tutorial', { discovery: { bootstrap: process.argv.slice(2) } })
console.log('others can join with', network.local.addresses[0])

for await (const { sensor, celsius } of network.streams.consume(Readings)) console.log(`${sensor}: ${celsius} °C`)
