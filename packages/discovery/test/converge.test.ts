import { simWorld } from '@mosaik/core/testing'
import { expect, test } from 'vitest'
import { converged, simNetwork } from './helpers.ts'

const factor = Number(process.env['TIME_FACTOR'] ?? 1)

test.each([2, 10, 50])(
  '%d nodes that know one address find each other',
  async (count) => {
    await using world = simWorld({ seed: count })
    const nodes = await simNetwork(world, count)
    await converged(world, nodes, 5000)
    for (const { discovery } of nodes) expect(discovery.catalog.value.size).toBe(count - 1)
  },
  60_000 * factor,
)
