import { simWorld } from '@mosaik/core/testing'
import { expect, test } from 'vitest'
import { closeAll, converged, LONG, metric, simNetwork, simNode } from './helpers.ts'
import type { Node } from './helpers.ts'

function total(nodes: readonly Node[], name: string): number {
  return nodes.reduce((sum, { metrics }) => sum + metric(metrics, `mosaik.discovery.sync.${name}`), 0)
}

/** What one more node costs a network of this size, all nodes together. */
async function costOfJoining(size: number): Promise<{ bytes: number; messages: number }> {
  await using world = simWorld({ seed: `growth ${size}` })
  const nodes = await simNetwork(world, size, { announceInterval: '60m' })
  await converged(world, nodes)
  await world.run('5s')
  const before = [total(nodes, 'bytes.sent'), total(nodes, 'messages.sent')] as const
  const more = [...nodes, await simNode(world, { bootstrap: nodes[0]?.address ?? '', announceInterval: '60m' })]
  await converged(world, more)
  await world.run('2s')
  const cost = { bytes: total(more, 'bytes.sent') - before[0], messages: total(more, 'messages.sent') - before[1] }
  await closeAll(world, more)
  return cost
}

test(
  'what a joining node costs grows no worse than N log N',
  async () => {
    const [small, large] = [await costOfJoining(8), await costOfJoining(32)]
    const allowed = (32 * Math.log(32)) / (8 * Math.log(8))
    expect(large.bytes / small.bytes).toBeLessThan(allowed)
    expect(large.messages / small.messages).toBeLessThan(allowed)
  },
  LONG,
)

test('a network at rest says little: equal catalogs are compared in two short messages', async () => {
  await using world = simWorld({ seed: 'rest' })
  const nodes = await simNetwork(world, 5, { announceInterval: '2s', announceJitter: 0 })
  await converged(world, nodes)
  await world.run('10s')
  const [first] = nodes as [Node]
  const before = [total(nodes, 'bytes.sent'), total(nodes, 'messages.sent')] as const
  const syncs = metric(first.metrics, 'mosaik.discovery.catalog.syncs')
  await world.run('60s')
  expect(metric(first.metrics, 'mosaik.discovery.catalog.syncs') - syncs).toBeGreaterThan(20)
  const perMessage = (total(nodes, 'bytes.sent') - before[0]) / (total(nodes, 'messages.sent') - before[1])
  expect(perMessage).toBeLessThan(100)
  await closeAll(world, nodes)
})

test('the same seed gives the same history', async () => {
  const run = async (): Promise<string> => {
    await using world = simWorld({ seed: 'same' })
    const nodes = await simNetwork(world, 6, { announceInterval: '1s' })
    await converged(world, nodes)
    world.crash((nodes[5] as Node).endpoint)
    await world.run('20s')
    await closeAll(world, nodes.slice(0, 5))
    return world.trace.hash
  }
  expect(await run()).toBe(await run())
})
