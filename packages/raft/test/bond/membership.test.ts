import { createTicket, MosaikError, uniqueId } from '@mosaik/core'
import type { TicketValidator } from '@mosaik/core'
import { expect, test } from 'vitest'
import { BondWorld, metric } from './support/world.ts'
import type { Node, TestGroup } from './support/world.ts'

/** Content `until <ms>` holds until then, `ok` for ever. */
const Pass: TicketValidator = {
  class: uniqueId('pass'),
  signature: uniqueId('pass validator'),
  validate: (data) => {
    const text = new TextDecoder().decode(data)
    if (text === 'ok') return 'never'
    if (text.startsWith('until ')) return Number(text.slice(6))
    throw new MosaikError('ERR_INVALID_TICKET', `no good: ${text}`)
  },
}

function downs(group: TestGroup): string[] {
  return group.happened.flatMap((one) => (one.type === 'down' ? [one.reason.name] : []))
}

async function two(world: BondWorld, lowFirst = true): Promise<[Node, Node]> {
  const nodes = (await world.network(2)).toSorted((x, y) => (x.id < y.id === lowFirst ? -1 : 1))
  return nodes as [Node, Node]
}

test.each([true, false])(
  'tickets: refused without, bonded with, ended on revocation, back on renewal (lower asks: %s)',
  async (lowFirst) => {
    await using world = new BondWorld(`tickets ${lowFirst}`)
    const [guard, guest] = await two(world, lowFirst)
    guard.discovery.addTicket(createTicket('pass', 'ok'))
    const [a, b] = [world.join(guard, 'g', { validators: [Pass] }), world.join(guest, 'g', { validators: [Pass] })]
    // A third group of both has no validators and is not concerned.
    const free = [world.join(guard, 'free'), world.join(guest, 'free')]
    await world.meshed(free)
    await world.sim.run('10s')
    expect([a.happened, b.happened]).toEqual([[], []])
    expect(guard.log.filter((line) => line.includes('is kept out of group') && line.includes('has no valid ticket'))).toHaveLength(1)
    expect(metric(guard, 'mosaik.groups.tickets.refused')).toBe(1)
    guest.discovery.addTicket(createTicket('pass', 'ok'))
    await world.meshed([a, b], 5_000)
    guest.discovery.removeTickets('pass')
    await world.eventually(() => a.peers.length === 0 && b.peers.length === 0, 5_000)
    expect(downs(b)).toEqual(['NotAllowed'])
    await world.sim.run('10s')
    expect(a.peers).toEqual([])
    guest.discovery.addTicket(createTicket('pass', 'ok'))
    await world.meshed([a, b], 5_000)
    guest.discovery.replaceTicket(createTicket('pass', `until ${guest.endpoint.clock.now() + 20_000}`))
    await world.sim.run('10s')
    expect(a.peers).toEqual([guest.id])
    guest.discovery.replaceTicket(createTicket('pass', `until ${guest.endpoint.clock.now() + 20_000}`))
    await world.sim.run('15s')
    expect(a.peers).toEqual([guest.id])
    await world.eventually(() => a.peers.length === 0 && b.peers.length === 0, 10_000)
    expect(downs(b)).toEqual(['NotAllowed', 'NotAllowed'])
    expect(free.map(downs)).toEqual([[], []])
  },
)

test('observers are bonded with members only, and with everyone when they become one', async () => {
  await using world = new BondWorld('observers')
  const nodes = await world.network(4)
  const groups = nodes.map((node, i) => world.join(node, 'g', { observer: i >= 2 }))
  const [member, , observer, another] = groups as [TestGroup, TestGroup, TestGroup, TestGroup]
  await world.eventually(() => groups.every(({ peers }, i) => peers.length === (i < 2 ? 3 : 2)))
  await world.sim.run('60s')
  expect(groups.map(({ peers }) => peers.length)).toEqual([3, 3, 2, 2])
  expect(metric(observer.node, 'mosaik.groups.bonds.groups.ended', 'BothObserve')).toBeLessThan(4)
  observer.membership.setObserver(false)
  await world.meshed(groups, 5_000)
  observer.membership.setObserver(true)
  await world.eventually(() => observer.peers.length === 2 && another.peers.length === 2, 5_000)
  expect(downs(another)).toEqual(['BothObserve'])
  member.membership.setObserver(true)
  await world.eventually(() => groups.map(({ peers }) => peers.length).join() === '1,3,1,1', 5_000)
})

test('statuses travel with heartbeats: the last one only, and only when it changed', async () => {
  await using world = new BondWorld('status')
  const nodes = await two(world)
  const [a, b] = nodes.map((node) => world.join(node, 'g')) as [TestGroup, TestGroup]
  const statuses = (group: TestGroup): string[] => group.happened.flatMap((one) => (one.type === 'status' ? [one.status] : []))
  a.membership.setStatus(new TextEncoder().encode('before'))
  await world.meshed([a, b])
  await world.sim.run('1s')
  for (const text of ['one', 'two', 'three']) a.membership.setStatus(new TextEncoder().encode(text))
  b.membership.setStatus(new TextEncoder().encode('from b'))
  await world.sim.run('1s')
  expect(statuses(b)).toEqual(['before', 'three'])
  expect(statuses(a)).toEqual(['from b'])
  expect(() => a.membership.setStatus(new Uint8Array(65))).toThrow(/64/)
})

test('a peer that the group names is bonded with though its entry does not list the group yet', async () => {
  await using world = new BondWorld('want')
  const [low, high] = await two(world)
  const a = world.join(low, 'g')
  a.membership.want([high.id, low.id])
  await world.sim.run('30s')
  expect(a.peers).toEqual([])
  expect(metric(low, 'mosaik.groups.dials')).toBeLessThan(10)
  const b = world.join(high, 'g')
  await world.meshed([a, b], 3_000)
  a.membership.want([])
  await world.sim.run('5s')
  expect(a.peers).toEqual([high.id])
})

test('a caller that is not in the catalog is known after one sync with it', async () => {
  await using world = new BondWorld('unknown')
  // Only the second knows the first: gossip and bootstrap are out of the way.
  const first = await world.node()
  const second = await world.node()
  await world.sim.run(second.discovery.catalog.until(({ size }) => size === 1))
  const [a, b] = [world.join(first, 'g'), world.join(second, 'g')]
  b.membership.want([first.id])
  await world.meshed([a, b], 5_000)
})

test('joining twice is refused, and so are options that cannot be', async () => {
  await using world = new BondWorld('twice')
  const node = await world.node()
  const group = world.join(node, 'g')
  expect(() => world.join(node, 'g')).toThrow(expect.objectContaining({ code: 'ERR_ALREADY_EXISTS' }))
  expect(() => world.join(node, 'h', { timing: { interval: 0, jitter: 0, maxMissed: 1 } })).toThrow(/interval/)
  expect(() => world.join(node, 'h', { timing: { interval: 10, jitter: 11, maxMissed: 1 } })).toThrow(/jitter/)
  expect(() => world.join(node, 'h', { groupId: 'x' as never })).toThrow(/groupId/)
  expect(() => world.join(node, 'h', { key: {} as never })).toThrow(/key/)
  await world.sim.run(group.membership.leave())
  world.join(node, 'g')
  expect(node.discovery.me.groups.size).toBe(1)
})
