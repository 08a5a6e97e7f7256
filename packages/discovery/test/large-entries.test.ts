import { createTicket, uniqueId } from '@mosaik/core'
import { simWorld } from '@mosaik/core/testing'
import { expect, test } from 'vitest'
import { closeAll, converged, metric, simNetwork } from './helpers.ts'
import type { Node } from './helpers.ts'

test('500 tags and a ticket of 16 KiB converge, and renewals do not carry them again', async () => {
  await using world = simWorld({ seed: 'large' })
  const nodes = await simNetwork(world, 6)
  await converged(world, nodes)
  const [first, ...rest] = nodes as [Node, ...Node[]]
  const tags = Array.from({ length: 500 }, (_, i) => `tag ${i}`)
  const ticket = createTicket('quote', world.prng.bytes(16 * 1024))
  first.discovery.addTags(...tags)
  first.discovery.addTicket(ticket)
  const arrived = rest.map(({ discovery }) =>
    discovery.catalog.until((catalog) => {
      const entry = catalog.get(first.id)
      return entry?.tags.size === 500 && entry.tickets.length === 1
    }),
  )
  await world.run(Promise.all(arrived), { within: 5000 })
  const entry = (rest[0] as Node).discovery.catalog.value.get(first.id)
  expect(entry?.hasTag('tag 499')).toBe(true)
  expect(entry?.tags.has(uniqueId('tag 0'))).toBe(true)
  expect(entry?.tickets[0]).toEqual(ticket)

  const sent = (): number => nodes.reduce((sum, { metrics }) => sum + metric(metrics, 'mosaik.discovery.sync.bytes.sent'), 0)
  const before = sent()
  const version = entry?.updatedAt ?? 0
  await world.run((rest[0] as Node).discovery.catalog.until((catalog) => (catalog.get(first.id)?.updatedAt ?? 0) > version + 20_000))
  expect(sent() - before).toBeLessThan(16 * 1024)
  await closeAll(world, nodes)
})
