import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createNetwork, fileLog, groupKey, secretKey } from '@mosaik/node'
import { counter } from './counter.ts'

// Its name is its identity and its directory; what follows are addresses of others.
const [name = 'ann', ...bootstrap] = process.argv.slice(2)
await using network = await createNetwork('tutorial', { secretKey: secretKey(`tutorial ${name}`), discovery: { bootstrap } })
console.log('others can join with', network.local.addresses[0])

const group = network.groups.join({
  key: groupKey('a secret that the members share'),
  machine: counter(),
  consensus: { preset: 'fast', minMembers: 3 },
  storage: fileLog(join(tmpdir(), 'mosaik-tutorial', name)),
})
for (;;) {
  const { reply } = await group.execute(1, { timeout: '1m' })
  console.log(`${name}${group.isLeader ? ', who leads,' : ''} counted to ${reply}`)
  await delay(500)
}
