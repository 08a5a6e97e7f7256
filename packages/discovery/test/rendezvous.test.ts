import { simWorld } from '@mosaik/core/testing'
import { expect, test } from 'vitest'
import type { Node } from './helpers.ts'
import { closeAll, converged, simNode } from './helpers.ts'

test('ten nodes given only a name and one table address find each other', async () => {
  await using world = simWorld({ seed: 'table' })
  const server = await simNode(world, { dht: { bootstrap: [], serve: true } }, {}, 'elsewhere')
  const nodes: Node[] = []
  for (let i = 0; i < 10; i++) nodes.push(await simNode(world, { dht: { bootstrap: [server.address], serve: false, interval: '10s' } }))
  await converged(world, nodes, 60_000)
  expect(server.discovery.catalog.value.size).toBe(0)
  await closeAll(world, [...nodes, server])
})

test('nodes on one local network find each other with nothing but the name', async () => {
  await using world = simWorld({ seed: 'lan', lan: true })
  const nodes = [await simNode(world), await simNode(world), await simNode(world)]
  const foreign = await simNode(world, {}, {}, 'other')
  await converged(world, nodes, 30_000)
  expect(foreign.discovery.catalog.value.size).toBe(0)
  await closeAll(world, [...nodes, foreign])
})
