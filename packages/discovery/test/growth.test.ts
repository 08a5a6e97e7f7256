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
  const compared = metric(first.metrics, 'mosaik.discovery.catalog.syncs') - syncs
  expect(compared).toBeGreaterThanOrEqual(2)
  expect(compared).toBeLessThanOrEqual(5)
  const perMessage = (total(nodes, 'bytes.sent') - before[0]) / (total(nodes, 'messages.sent') - before[1])
  expect(perMessage).toBeLessThan(100)
  await closeAll(world, nodes)
})

test(
  'what an idle node costs does not grow with the network: connections, comparisons and announcements are counted',
  async () => {
    const [few, many] = [await idling(20), await idling(60)]
    expect(few.connections).toBeLessThanOrEqual(2.5)
    expect(many.connections).toBeLessThanOrEqual(2.5)
    // By default: one comparison in two minutes, and a renewal in two and a half, which travels once over each connection.
    expect(few.comparisons).toBeLessThanOrEqual(0.7)
    expect(many.comparisons).toBeLessThanOrEqual(0.7)
    expect(few.renewals).toBeLessThanOrEqual(1.5)
    expect(many.renewals).toBeLessThanOrEqual(0.6)
    expect(many.messages).toBeLessThanOrEqual(few.messages + 0.5)
  },
  LONG,
)

/** Per node and minute, of nodes that know each other and have nothing to do. */
async function idling(size: number): Promise<{ connections: number; comparisons: number; renewals: number; messages: number }> {
  await using world = simWorld({ seed: `idle ${size}` })
  const nodes = await simNetwork(world, size)
  await converged(world, nodes)
  await world.run('5m')
  const sum = (name: string): number => nodes.reduce((all, { metrics }) => all + metric(metrics, `mosaik.discovery.${name}`), 0)
  const names = ['catalog.syncs', 'announcements.sent', 'sync.messages.sent'] as const
  const before = names.map(sum)
  await world.run('10m')
  const [comparisons, renewals, messages] = names.map((name, i) => (sum(name) - (before[i] as number)) / size / 10) as [
    number,
    number,
    number,
  ]
  const connections = nodes.reduce((all, { endpoint }) => all + endpoint.connections.value.size, 0) / 2 / size
  await closeAll(world, nodes)
  return { connections, comparisons, renewals, messages }
}

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
