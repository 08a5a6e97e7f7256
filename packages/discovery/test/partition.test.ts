import { simWorld } from '@mosaik/core/testing'
import type { SimWorld } from '@mosaik/core/testing'
import { expect, test } from 'vitest'
import { closeAll, converged, LONG, simNetwork, simNode } from './helpers.ts'
import type { Node } from './helpers.ts'

const FAST = { purgeAfter: '30s', announceInterval: '3s' } as const

function endpoints(nodes: readonly Node[]): Node['endpoint'][] {
  return nodes.map(({ endpoint }) => endpoint)
}

/** Everyone in `nodes` has forgotten everyone in `others`. */
async function forgotten(world: SimWorld, nodes: readonly Node[], others: readonly Node[]): Promise<void> {
  const work = nodes.map(({ discovery }) => discovery.catalog.until((catalog) => others.every(({ id }) => !catalog.has(id))))
  await world.run(Promise.all(work), { within: 120_000 })
}

test('two nodes cut off for longer than purgeAfter find each other again by themselves', async () => {
  await using world = simWorld({ seed: 'two' })
  const nodes = await simNetwork(world, 2, FAST)
  const [a, b] = nodes as [Node, Node]
  await converged(world, nodes)
  world.partition(a.endpoint)
  await forgotten(world, [a], [b])
  await forgotten(world, [b], [a])
  await world.run('60s')
  world.heal()
  await converged(world, nodes, 15_000)
  await closeAll(world, nodes)
})

test.each([1, 2, 3])(
  'halves of five nodes each, none of them lonely, merge after a long partition (seed %d)',
  async (seed) => {
    await using world = simWorld({ seed })
    const nodes = await simNetwork(world, 10, FAST)
    await converged(world, nodes)
    const [left, right] = [nodes.slice(0, 5), nodes.slice(5)]
    world.partition(endpoints(left), endpoints(right))
    await forgotten(world, left, right)
    await forgotten(world, right, left)
    for (const { discovery } of nodes) expect(discovery.catalog.value.size).toBe(4)
    await world.run('60s')
    world.heal()
    await converged(world, nodes, 60_000)
    await closeAll(world, nodes)
  },
  LONG,
)

test('a node finds its bootstrap node when that one starts later', async () => {
  await using world = simWorld({ seed: 'later' })
  const first = await simNode(world)
  world.crash(first.endpoint)
  const early = await simNode(world, { bootstrap: first.address })
  await world.run('45s')
  const endpoint = await world.restart(first.endpoint)
  const { createDiscovery } = await import('../src/index.ts')
  const late = await createDiscovery(endpoint)
  await world.run(
    early.discovery.catalog.until((catalog) => catalog.has(endpoint.id)),
    { within: 12_000 },
  )
  await world.run(Promise.all([early.discovery.close(), late.close()]))
})

test('a crashed node is not announced as departed; its entry goes when it is stale', async () => {
  await using world = simWorld({ seed: 'crash' })
  const nodes = await simNetwork(world, 3, FAST)
  await converged(world, nodes)
  const [a, b, c] = nodes as [Node, Node, Node]
  world.crash(c.endpoint)
  await world.run('10s')
  expect(a.discovery.catalog.value.has(c.id)).toBe(true)
  const departed = (async () => {
    for await (const event of a.discovery.events()) if (event.type === 'departed' && event.peerId === c.id) return world.now
    return 0
  })()
  const before = world.now
  const at = await world.run(departed, { within: 60_000 })
  expect(at - before).toBeLessThanOrEqual(31_000)
  await world.run('1s')
  expect(b.discovery.catalog.value.has(c.id)).toBe(false)
  await closeAll(world, [a, b])
})

test('one new connection between two halves is enough: news of each reaches everyone of the other within seconds', async () => {
  await using world = simWorld({ seed: 'bridge' })
  const nodes = await simNetwork(world, 10, { announceInterval: '60m', purgeAfter: '240m' })
  await converged(world, nodes)
  const [left, right] = [nodes.slice(0, 5), nodes.slice(5)]
  world.partition(endpoints(left), endpoints(right))
  await world.run('5s')
  for (const { discovery } of left) discovery.addTags('left')
  for (const { discovery } of right) discovery.addTags('right')
  await world.run('5s')
  world.heal()
  const [from, to] = [left[1] as Node, right[1] as Node]
  await world.run(from.endpoint.connect(to.address))
  const knows = (some: readonly Node[], others: readonly Node[], tag: string): Promise<unknown>[] =>
    some.map(({ discovery }) => discovery.catalog.until((catalog) => others.every(({ id }) => catalog.get(id)?.hasTag(tag) === true)))
  await world.run(Promise.all([...knows(left, right, 'right'), ...knows(right, left, 'left')]), { within: 3000 })
  await closeAll(world, nodes)
})

test('neighbours that were out of reach are tried again, however rarely one announces', async () => {
  await using world = simWorld({ seed: 'again' })
  const nodes = await simNetwork(world, 6, { announceInterval: '60m', purgeAfter: '240m' })
  await converged(world, nodes)
  const [left, right] = [nodes.slice(0, 3), nodes.slice(3)]
  world.partition(endpoints(left), endpoints(right))
  await world.run('60s')
  ;(left[0] as Node).discovery.addTags('late')
  world.heal()
  const seen = right.map(({ discovery }) =>
    discovery.catalog.until((catalog) => catalog.get((left[0] as Node).id)?.hasTag('late') === true),
  )
  await world.run(Promise.all(seen), { within: 90_000 })
  await closeAll(world, nodes)
})

test('halves that never met become one through a connection that was opened for something else', async () => {
  await using world = simWorld({ seed: 'strangers' })
  const options = { announceInterval: '60m', purgeAfter: '240m' } as const
  const [left, right] = [await simNetwork(world, 3, options), await simNetwork(world, 3, options)]
  await converged(world, left)
  await converged(world, right)
  await world.run((left[1] as Node).endpoint.connect((right[2] as Node).address))
  await converged(world, [...left, ...right], 3000)
  await closeAll(world, [...left, ...right])
})
