import { simWorld } from '@mosaik/core/testing'
import { expect, test } from 'vitest'
import { converged, LONG, simNetwork } from './helpers.ts'

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
