import { simWorld } from '@mosaik/core/testing'
import { expect, test } from 'vitest'
import { converged, LONG, metric, simNetwork } from './helpers.ts'

test.each([2, 10, 50])(
  '%d nodes that know one address find each other',
  async (count) => {
    await using world = simWorld({ seed: count })
    const nodes = await simNetwork(world, count)
    await converged(world, nodes, 5000)
    for (const { discovery } of nodes) expect(discovery.catalog.value.size).toBe(count - 1)
  },
  LONG,
)

test(
  'connections do not grow with the network: what nobody needs any more is given up, and gossip still reaches everyone',
  async () => {
    await using world = simWorld({ seed: 'tidy' })
    const nodes = await simNetwork(world, 40)
    await converged(world, nodes)
    await world.run('90s')
    const ends = nodes.reduce((sum, { endpoint }) => sum + endpoint.connections.value.size, 0)
    expect(ends).toBeLessThanOrEqual(40 * 2 * 3)
    const fetches = (): number => nodes.reduce((sum, { metrics }) => sum + metric(metrics, 'mosaik.discovery.catalog.fetches'), 0)
    const before = fetches()
    nodes[7]?.discovery.addTags('late')
    const everyone = nodes.map(({ discovery }) =>
      discovery.catalog.until((catalog) => [catalog.me, ...catalog].some((entry) => entry.hasTag('late'))),
    )
    await world.run(Promise.all(everyone), { within: 1000 })
    expect(fetches()).toBe(before)
  },
  LONG,
)
