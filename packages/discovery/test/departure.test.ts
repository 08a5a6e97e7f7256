import { simWorld } from '@mosaik/core/testing'
import { expect, test } from 'vitest'
import { closeAll, converged, metric, simNetwork, simNode } from './helpers.ts'
import type { Node } from './helpers.ts'

test('a graceful departure is seen at once by everyone', async () => {
  await using world = simWorld({ seed: 'leave' })
  const nodes = await simNetwork(world, 10)
  await converged(world, nodes)
  const [leaver, ...rest] = nodes as [Node, ...Node[]]
  const events = rest.map(({ discovery }) => discovery.events()[Symbol.asyncIterator]())
  const before = world.now
  await world.run(leaver.discovery.close())
  expect(world.now - before).toBeLessThanOrEqual(600)
  await world.run(Promise.all(rest.map(({ discovery }) => discovery.catalog.until((catalog) => !catalog.has(leaver.id)))), { within: 500 })
  for (const one of events) expect((await one.next()).value).toMatchObject({ type: 'departed', peerId: leaver.id })
  expect(metric((rest[0] as Node).metrics, 'mosaik.discovery.peers.departed')).toBe(1)
  await closeAll(world, rest)
})

test('a change of the last moment does not outlive the goodbye', async () => {
  // two statements of one version would be told apart by their digests: sixteen tries, so that some fall the wrong way
  for (let seed = 0; seed < 16; seed++) {
    await using world = simWorld({ seed: `last moment ${seed}` })
    const nodes = await simNetwork(world, 3)
    await converged(world, nodes)
    const [leaver, ...rest] = nodes as [Node, ...Node[]]
    leaver.discovery.addTags('last')
    await world.run(leaver.discovery.close())
    await world.run('5s')
    for (const { discovery } of rest) expect(discovery.catalog.value.has(leaver.id)).toBe(false)
    await closeAll(world, rest)
  }
})

test('it is prompt also right after the departing node was pinged', async () => {
  await using world = simWorld({ seed: 'ping' })
  const nodes = await simNetwork(world, 2)
  const [a, b] = nodes as [Node, Node]
  await converged(world, nodes)
  const rtt = await world.run(b.discovery.measureRtt(a.id))
  expect(rtt).toBeGreaterThan(0)
  await world.run(a.discovery.close())
  await world.run(
    b.discovery.catalog.until((catalog) => catalog.size === 0),
    { within: 500 },
  )
  await closeAll(world, [b])
})

test('nothing resurrects who has departed: not its old entry, fed or synced', async () => {
  await using world = simWorld({ seed: 'replay' })
  const nodes = await simNetwork(world, 3)
  await converged(world, nodes)
  const [a, b, c] = nodes as [Node, Node, Node]
  const old = c.discovery.exportMe()
  world.partition(b.endpoint)
  await world.run(c.discovery.close())
  await world.run(
    a.discovery.catalog.until((catalog) => !catalog.has(c.id)),
    { within: 1000 },
  )
  expect(a.discovery.feed(old)).toBe(false)
  // b has not heard of it and brings the old entry along
  expect(b.discovery.catalog.value.has(c.id)).toBe(true)
  world.heal()
  await world.run(b.discovery.syncWith(a.address))
  await world.run('1s')
  expect(a.discovery.catalog.value.has(c.id)).toBe(false)
  expect(b.discovery.catalog.value.has(c.id)).toBe(false)
  expect(b.discovery.feed(old)).toBe(false)
  await closeAll(world, [a, b])
})

test('a node that is alone closes at once', async () => {
  await using world = simWorld({ seed: 'alone' })
  const node = await simNode(world)
  const before = world.now
  await closeAll(world, [node])
  expect(world.now - before).toBeLessThan(10)
})
