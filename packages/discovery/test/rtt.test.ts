import { simWorld } from '@mosaik/core/testing'
import { expect, test } from 'vitest'
import { PING_PROTOCOL } from '../src/wire/protocols.ts'
import { closeAll, converged, simNetwork, simNode } from './helpers.ts'
import type { Node } from './helpers.ts'

test('measureRtt measures once, then the background does', async () => {
  await using world = simWorld({ seed: 'rtt', jitter: 0 })
  const nodes = await simNetwork(world, 2, { rttProbeInterval: '2s' })
  const [a, b] = nodes as [Node, Node]
  world.shapePath(a.endpoint, b.endpoint, { latency: 30 })
  await converged(world, nodes)
  expect(a.discovery.rtt(b.id)).toBeUndefined()
  const [first, second] = await world.run(Promise.all([a.discovery.measureRtt(b.id), a.discovery.measureRtt(b.id)]))
  expect(first).toBeGreaterThanOrEqual(60)
  expect(first).toBeLessThan(70)
  expect(second).toBe(first)
  expect(await a.discovery.measureRtt(b.id)).toBe(first)
  world.shapePath(a.endpoint, b.endpoint, { latency: 90 })
  await world.run('60s')
  expect(a.discovery.rtt(b.id)).toBeGreaterThan(150)
  expect(b.discovery.rtt(a.id)).toBeUndefined() // nobody there has asked
  await closeAll(world, nodes)
})

test('without a rule nobody is pinged', async () => {
  await using world = simWorld({ seed: 'quiet' })
  const nodes = await simNetwork(world, 2, { rttProbeInterval: '1s' })
  const [a, b] = nodes as [Node, Node]
  await converged(world, nodes)
  let pings = 0
  b.endpoint.unhandle(PING_PROTOCOL)
  b.endpoint.handle(PING_PROTOCOL, (stream) => (pings++, stream.abort()))
  await world.run('30s')
  expect(pings).toBe(0)
  await world.run(a.discovery.measureRtt(b.id)) // now somebody asks
  expect(pings).toBe(1)
  await closeAll(world, nodes)
})

test('maxRtt hides slow peers, rtt still answers, and they come back when they are faster', async () => {
  await using world = simWorld({ seed: 'slow', jitter: 0, latency: { min: 5, max: 5 } })
  const a = await simNode(world, { maxRtt: 50, rttProbeInterval: '1s' })
  const b = await simNode(world, { bootstrap: a.address })
  const c = await simNode(world, { bootstrap: a.address })
  world.shapePath(a.endpoint, c.endpoint, { latency: 100 })
  await world.run(
    a.discovery.catalog.until((catalog) => catalog.has(b.id) && a.discovery.rtt(b.id) !== undefined && a.discovery.rtt(c.id) !== undefined),
    { within: 20_000 },
  )
  expect([...a.discovery.catalog.value].map(({ peerId }) => peerId)).toEqual([b.id])
  expect(a.discovery.catalog.value.size).toBe(1)
  expect(a.discovery.rtt(c.id)).toBeGreaterThan(150)
  world.shapePath(a.endpoint, c.endpoint, { latency: 5 })
  await world.run(
    a.discovery.catalog.until((catalog) => catalog.has(c.id)),
    { within: 60_000 },
  )
  await closeAll(world, [a, b, c])
})

test('a new picture comes with every new sample', async () => {
  await using world = simWorld({ seed: 'picture' })
  const nodes = await simNetwork(world, 2, { announceInterval: '60m' })
  const [a, b] = nodes as [Node, Node]
  await converged(world, nodes)
  await world.run('1s')
  const seen = a.discovery.catalog.changed()
  await world.run(a.discovery.measureRtt(b.id))
  expect((await world.run(seen, { within: 10 })).has(b.id)).toBe(true)
  await closeAll(world, nodes)
})
