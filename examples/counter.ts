import { setTimeout as delay } from 'node:timers/promises'
import { createNetwork, groupKey } from '@mosaik/node'

// Every member has a copy of the state. The same commands in the same order keep them the same.
let total = 0
const machine = {
  name: 'counter',
  apply: (by: number) => (total += by),
  query: () => total,
  snapshot: () => total,
  install: (state: number) => void (total = state),
}

await using network = await createNetwork('my-app', { discovery: { bootstrap: process.argv.slice(2) } })
console.log('others can join with', network.local.addresses[0])

// Whoever holds the key and finds the others is a member. They elect a leader, and another one when it is gone.
const counter = network.groups.join({ key: groupKey('a secret that the members share'), machine })
for (;;) {
  const { reply } = await counter.execute(1, { timeout: '1m' }) // applied exactly once within a history
  console.log(`${network.local.id.slice(-6)} counted to ${reply}`)
  await delay(500)
}
