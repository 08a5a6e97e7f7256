import { simWorld } from '@mosaik/core/testing'
import { createDiscovery } from '@mosaik/discovery'
import { createGroups, groupKey } from '@mosaik/raft'
import type { Group } from '@mosaik/raft'

await using world = simWorld({ seed: 7 })
const key = groupKey('a secret that the members share')

/** A runtime of three floors on an endpoint that lives in the simulated world. */
async function start(bootstrap: readonly string[]) {
  const endpoint = await world.endpoint('my-app')
  const groups = createGroups(await createDiscovery(endpoint, { bootstrap }))
  return { endpoint, group: groups.join({ key, consensus: { minMembers: 3 } }) as Group<never, never, never, never> }
}

await world.run(async () => {
  const first = await start([])
  const nodes = [first, await start(first.endpoint.addresses), await start(first.endpoint.addresses)]
  const [leader] = await Promise.all(nodes.map(({ group }) => group.when.leaderElected()))

  world.crash(nodes.find(({ endpoint }) => endpoint.id === leader)!.endpoint)
  const [other] = nodes.filter(({ endpoint }) => endpoint.id !== leader)
  console.log('another one leads:', (await other!.group.when.leaderChanged()) !== leader)
})
console.log(`${Math.round(world.now / 1000)} s of the world have passed`)
