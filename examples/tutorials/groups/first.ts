import { createNetwork, groupKey } from '@mosaik/node'
import { counter } from './counter.ts'

const listen = ['/ip4/127.0.0.1/udp/0/quic-v1']
await using one = await createNetwork('tutorial', { listen })
const discovery = { bootstrap: one.local.addresses }
await using two = await createNetwork('tutorial', { listen, discovery })
await using three = await createNetwork('tutorial', { listen, discovery })

// Who holds the key is a member. `minMembers`: nobody begins before three have come together.
const key = groupKey('a secret that the members share')
const consensus = { preset: 'fast', minMembers: 3 } as const
const [a, b, c] = [one, two, three].map(({ groups }) => groups.join({ key, machine: counter(), consensus }))

// Whoever leads: any member may write, and hears the reply when the command has been applied there.
for (const member of [a, b, c]) console.log('counted to', (await member!.execute(1)).reply)

console.log('strong:', (await a!.query('apples')).result) // whatever has succeeded anywhere is in it
await a!.when.committed((await c!.execute(1)).index)
console.log('weak:', (await a!.query('apples', { consistency: 'weak' })).result) // what is here now, at no cost
