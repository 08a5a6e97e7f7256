import { createNetwork, groupKey } from '@mosaik/node'
import { counter } from './counter.ts'

const listen = ['/ip4/127.0.0.1/udp/0/quic-v1']
await using one = await createNetwork('tutorial', { listen })
const discovery = { bootstrap: one.local.addresses }
await using two = await createNetwork('tutorial', { listen, discovery })
await using three = await createNetwork('tutorial', { listen, discovery })

const key = groupKey('a secret that the members share')
const consensus = { preset: 'fast', minMembers: 3 } as const
const networks = [one, two, three]
const members = networks.map((network) => ({ network, group: network.groups.join({ key, machine: counter(), consensus }) }))

await members[0]!.group.when.leaderElected()
await members[0]!.group.execute(10)

const first = members.find(({ group }) => group.isLeader)!
const [other, another] = members.filter((member) => member !== first)
await first.network.close() // the leader leaves

console.log('goes on:', (await other!.group.execute(1)).reply, (await another!.group.execute(1)).reply)
console.log('another one leads:', other!.group.leader !== first.network.local.id)
console.log('voters:', other!.group.members.value.filter(({ standing }) => standing === 'voter').length)
