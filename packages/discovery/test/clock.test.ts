import { MosaikError } from '@mosaik/core'
import { simWorld } from '@mosaik/core/testing'
import { expect, test } from 'vitest'
import { createDiscovery } from '../src/index.ts'
import { closeAll, converged, metric, simNetwork, simNode } from './helpers.ts'
import type { Node } from './helpers.ts'

const TEN_MINUTES = 600_000

test.each([
  ['fast', TEN_MINUTES, 'ahead of'],
  ['slow', -TEN_MINUTES, 'behind'],
] as const)('a clock ten minutes %s is refused visibly and disturbs nobody else', async (_, clockSkew, direction) => {
  await using world = simWorld({ seed: clockSkew })
  const nodes = await simNetwork(world, 4)
  await converged(world, nodes)
  const wrong = await simNode(world, { bootstrap: nodes[0]?.address ?? '' }, { clockSkew })
  await world.run('90s')
  for (const { discovery } of nodes) {
    expect(discovery.catalog.value.has(wrong.id)).toBe(false)
    expect(discovery.catalog.value.size).toBe(3)
  }
  expect(wrong.discovery.catalog.value.size).toBe(0)
  const [first] = nodes as [Node]
  expect(metric(first.metrics, 'mosaik.discovery.clock.skewed')).toBeGreaterThan(0)
  const warnings = first.log.filter((line) => line.includes(wrong.id))
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain(direction)
  // said of it the other way round where the clock is wrong
  expect(wrong.log.some((line) => line.includes(first.id))).toBe(true)

  const error = await world.run(first.discovery.syncWith(wrong.address).catch((cause: unknown) => cause))
  expect(MosaikError.is(error, 'ERR_CLOCK_SKEW')).toBe(true)
  expect((error as Error).message).toContain(wrong.id)
  await closeAll(world, [...nodes, wrong])
})

test('a clock that jumps ten minutes ahead and is set right again: everyone has everyone back', async () => {
  await using world = simWorld({ seed: 'jump' })
  const nodes = await simNetwork(world, 4, { announceInterval: '5s' })
  await converged(world, nodes)
  const [a, b, c, d] = nodes as [Node, Node, Node, Node]
  world.stepClock(d.endpoint, TEN_MINUTES)
  await world.run('60s')
  for (const { discovery } of [a, b, c]) expect(discovery.catalog.value.size).toBeGreaterThanOrEqual(2)
  expect(d.discovery.catalog.value.size).toBe(0)
  world.stepClock(d.endpoint, -TEN_MINUTES)
  d.discovery.addTags('right again')
  await converged(world, nodes, 30_000)
  await world.run(
    a.discovery.catalog.until((catalog) => catalog.get(d.id)?.hasTag('right again') === true),
    { within: 20_000 },
  )
  await closeAll(world, nodes)
})

test('a clock that jumps ahead: what is stale by it goes within an announce interval or two, also when nobody looks', async () => {
  await using world = simWorld({ seed: 'unseen' })
  const nodes = await simNetwork(world, 2)
  await converged(world, nodes)
  const [a, b] = nodes as [Node, Node]
  await world.run('10s')
  const events = a.discovery.events()[Symbol.asyncIterator]()
  const next = events.next()
  world.stepClock(a.endpoint, TEN_MINUTES)
  expect(await world.run(next, { within: 30_000 })).toMatchObject({ value: { type: 'departed', peerId: b.id } })
  await closeAll(world, nodes)
})

test('a clock within the allowed drift is no problem', async () => {
  await using world = simWorld({ seed: 'drift' })
  const first = await simNode(world)
  const nodes = [
    first,
    await simNode(world, { bootstrap: first.address }, { clockSkew: 8000 }),
    await simNode(world, { bootstrap: first.address }, { clockSkew: -1500 }),
  ]
  await converged(world, nodes)
  await world.run('120s')
  for (const { discovery } of nodes) expect(discovery.catalog.value.size).toBe(2)
  await closeAll(world, nodes)
})

test.each([5000, 60_000])('a restart with the same key and a clock set back by %d ms: the new run wins', async (step) => {
  await using world = simWorld({ seed: step })
  const nodes = await simNetwork(world, 3, { tags: 'old' })
  await converged(world, nodes)
  const [a, b, c] = nodes as [Node, Node, Node]
  world.crash(c.endpoint)
  world.stepClock(c.endpoint, -step)
  const endpoint = await world.restart(c.endpoint)
  const again = await createDiscovery(endpoint, { bootstrap: a.address, tags: 'new' })
  const isNew = ({ discovery }: Node): Promise<unknown> => discovery.catalog.until((catalog) => catalog.get(c.id)?.hasTag('new') === true)
  await world.run(Promise.all([isNew(a), isNew(b)]), { within: step < 10_000 ? 5000 : step + 30_000 })
  expect(a.discovery.catalog.value.get(c.id)?.hasTag('old')).toBe(false)
  // and its later corrections win, too
  again.addTags('corrected')
  await world.run(
    a.discovery.catalog.until((catalog) => catalog.get(c.id)?.hasTag('corrected') === true),
    { within: 20_000 },
  )
  await world.run(Promise.all([a.discovery.close(), b.discovery.close(), again.close()]))
})

test('a departed key that comes back with a clock set back is seen again', async () => {
  await using world = simWorld({ seed: 'back' })
  const nodes = await simNetwork(world, 2)
  await converged(world, nodes)
  const [a, b] = nodes as [Node, Node]
  await world.run(b.discovery.close())
  await world.run(a.discovery.catalog.until((catalog) => catalog.size === 0))
  world.stepClock(b.endpoint, -5000)
  const endpoint = await world.restart(b.endpoint)
  const again = await createDiscovery(endpoint, { bootstrap: a.address })
  await world.run(
    a.discovery.catalog.until((catalog) => catalog.has(b.id)),
    { within: 15_000 },
  )
  await world.run(Promise.all([a.discovery.close(), again.close()]))
})
