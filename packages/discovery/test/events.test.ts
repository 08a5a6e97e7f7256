import { createTicket, uniqueId } from '@mosaik/core'
import { simWorld } from '@mosaik/core/testing'
import { expect, test } from 'vitest'
import type { DiscoveryEvent } from '../src/index.ts'
import { author } from './builders.ts'
import { closeAll, converged, metric, simNetwork, simNode } from './helpers.ts'
import type { Node } from './helpers.ts'

const ADDRESS = '/ip4/127.0.0.1/udp/9/quic-v1'

/** Takes what is there now, without waiting for more. */
async function take(events: AsyncIterator<DiscoveryEvent>, count: number): Promise<DiscoveryEvent[]> {
  const taken: DiscoveryEvent[] = []
  while (taken.length < count) {
    const { done, value } = await events.next()
    if (done === true) break
    taken.push(value)
  }
  return taken
}

test('every way of changing the catalog gives its event and shows at once', async () => {
  await using world = simWorld({ seed: 'events' })
  const [a, b] = [await simNode(world), await simNode(world)]
  const { discovery } = a
  const { catalog } = discovery
  const events = discovery.events()[Symbol.asyncIterator]()
  const stranger = author('stranger').id

  expect(discovery.insert({ peerId: stranger, addresses: [ADDRESS], tags: ['x'] })).toBe(true)
  expect(catalog.value.get(stranger)?.hasTag('x')).toBe(true)
  expect(catalog.value.get(stranger)?.signed).toBe(false)
  expect(discovery.insert({ peerId: stranger, addresses: [ADDRESS] })).toBe(true)
  expect(discovery.remove(stranger)).toBe(true)
  expect(discovery.remove(stranger)).toBe(false)
  expect(catalog.value.has(stranger)).toBe(false)
  discovery.insert({ peerId: stranger, addresses: [] })
  discovery.clearUnsigned()
  discovery.clearUnsigned()
  expect(discovery.feed(b.discovery.exportMe())).toBe(true)
  expect(discovery.feed(b.discovery.exportMe())).toBe(false)
  expect(catalog.value.size).toBe(1)
  b.discovery.addTags('later')
  expect(discovery.feed(b.discovery.exportMe())).toBe(true)
  expect(discovery.remove(b.id)).toBe(false)

  const types = (await take(events, 7)).map((event) => [
    event.type,
    'entry' in event ? event.entry.peerId : 'peerId' in event ? event.peerId : undefined,
  ])
  expect(types).toEqual([
    ['discovered', stranger],
    ['updated', stranger],
    ['departed', stranger],
    ['discovered', stranger],
    ['departed', stranger],
    ['discovered', b.id],
    ['updated', b.id],
  ])
  await closeAll(world, [a, b])
  expect((await events.next()).done).toBe(true)
})

test('gossip and sync give events as well', async () => {
  await using world = simWorld({ seed: 'more events' })
  const [a, b] = [await simNode(world), await simNode(world)]
  const events = a.discovery.events()[Symbol.asyncIterator]()
  await world.run(a.discovery.syncWith(b.address))
  expect(await world.run(events.next())).toMatchObject({ value: { type: 'discovered', entry: { peerId: b.id } } })
  b.discovery.addTags('x')
  const tagged = (async () => {
    for (;;) {
      const { value } = await events.next()
      if (value?.type === 'updated' && value.entry.hasTag('x')) return value.entry.peerId
    }
  })()
  expect(await world.run(tagged, { within: 1000 })).toBe(b.id)
  await closeAll(world, [a, b])
})

test('a reader that fell behind is told how much it missed, then gets the newest', async () => {
  await using world = simWorld({ seed: 'lag' })
  const node = await simNode(world, { eventsBacklog: 3 })
  const events = node.discovery.events()[Symbol.asyncIterator]()
  const peers = Array.from({ length: 5 }, (_, i) => author(`p${i}`).id)
  for (const peerId of peers) node.discovery.insert({ peerId, addresses: [] })
  const taken = await take(events, 4)
  expect(taken[0]).toEqual({ type: 'lagged', missed: 2 })
  expect(taken.slice(1).map((event) => 'entry' in event && event.entry.peerId)).toEqual(peers.slice(2))
  await closeAll(world, [node])
})

test('the catalog is an immutable picture, one per turn, and its size is what it iterates', async () => {
  await using world = simWorld({ seed: 'picture' })
  const nodes = await simNetwork(world, 5)
  const [a] = nodes as [Node]
  const before = a.discovery.catalog.value
  expect([...before]).toEqual([])
  await converged(world, nodes)
  expect([...before]).toEqual([])
  const after = a.discovery.catalog.value
  expect([...after]).toHaveLength(after.size)
  expect(after.size).toBe(4)
  expect(after.has(a.id)).toBe(false)
  expect(after.me.peerId).toBe(a.id)
  expect(Object.isFrozen(after.me)).toBe(true)
  const seen = a.discovery.catalog.changed()
  a.discovery.addTags('x')
  expect((await world.run(seen)).me.hasTag('x')).toBe(true)
  await closeAll(world, nodes)
})

test('mutators act on me at once; a no-op changes nothing and sends nothing', async () => {
  await using world = simWorld({ seed: 'me' })
  const nodes = await simNetwork(world, 2, { announceInterval: '60m', tags: ['a'] })
  await converged(world, nodes)
  const [a, b] = nodes as [Node, Node]
  await world.run('1s')
  const announced = metric(a.metrics, 'mosaik.discovery.gossip.announced')
  const { me } = a.discovery
  a.discovery.addTags('a')
  a.discovery.removeTags('zzz')
  a.discovery.removeTickets('none')
  expect(a.discovery.me).toBe(me)
  await world.run('1s')
  expect(metric(a.metrics, 'mosaik.discovery.gossip.announced')).toBe(announced)
  const stream = uniqueId('stream')
  const withdraw = [a.discovery.advertise({ stream }), a.discovery.advertise({ stream })]
  expect(a.discovery.me.streams.has(stream)).toBe(true)
  withdraw[0]?.()
  withdraw[0]?.()
  expect(a.discovery.me.streams.has(stream)).toBe(true)
  await world.run(b.discovery.catalog.until((catalog) => catalog.get(a.id)?.streams.has(stream) === true))
  withdraw[1]?.()
  expect(a.discovery.me.streams.has(stream)).toBe(false)
  await world.run(b.discovery.catalog.until((catalog) => catalog.get(a.id)?.streams.size === 0))
  expect(metric(a.metrics, 'mosaik.discovery.gossip.announced')).toBe(announced + 2)
  const ticket = createTicket('c', 'x')
  a.discovery.replaceTicket(ticket)
  a.discovery.removeTicket(ticket.id)
  expect(a.discovery.me.tickets).toEqual([])
  expect(a.discovery.me.updatedAt).toBeGreaterThan(me.updatedAt)
  await closeAll(world, nodes)
})

test('changes in quick succession are announced together: the last one arrives, gossip is not filled', async () => {
  await using world = simWorld({ seed: 'storm' })
  const nodes = await simNetwork(world, 2, { announceInterval: '60m' })
  await converged(world, nodes)
  const [a, b] = nodes as [Node, Node]
  await world.run('1s')
  const announced = metric(a.metrics, 'mosaik.discovery.gossip.announced')
  for (let i = 0; i < 500; i++) {
    if (i % 2 === 0) a.discovery.addTags('on')
    else a.discovery.removeTags('on')
    await world.run(1)
  }
  a.discovery.addTags('last')
  await world.run(
    b.discovery.catalog.until((catalog) => catalog.get(a.id)?.hasTag('last') === true),
    { within: 1000 },
  )
  expect(metric(a.metrics, 'mosaik.discovery.gossip.announced') - announced).toBeLessThanOrEqual(7)
  await closeAll(world, nodes)
})
