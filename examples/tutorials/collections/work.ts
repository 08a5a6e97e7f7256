import { createNetwork, definePriorityQueue } from '@mosaik/node'

const consensus = { preset: 'fast', minMembers: 3 } as const
const Jobs = definePriorityQueue<number, string, { minutes: number }>('jobs', {}, { consensus })

const listen = ['/ip4/127.0.0.1/udp/0/quic-v1']
await using one = await createNetwork('tutorial', { listen })
const discovery = { bootstrap: one.local.addresses }
await using two = await createNetwork('tutorial', { listen, discovery })
await using three = await createNetwork('tutorial', { listen, discovery })
const [mine, ...others] = [one, two, three].map(({ collections }) => collections.writer(Jobs))

await mine!.insert(1, 'sweep', { minutes: 20 })
await mine!.insert(9, 'put out the fire', { minutes: 5 })
await mine!.extend([[5, 'cook', { minutes: 30 }], [4, 'wash up', { minutes: 10 }]]) // prettier-ignore
await mine!.updatePriority('sweep', 6)

// Two workers take what is most urgent. Each job comes to exactly one of them.
const done = await Promise.all(
  others.map(async (jobs) => {
    const names: string[] = []
    for (;;) {
      const { result } = await jobs.popMax()
      if (result === undefined) return names
      names.push(result[1])
    }
  }),
)
console.log(done.flat().toSorted().join(', '))
