import { expect, test } from 'vitest'
import { PROTOCOL } from '../../src/bond/wire/protocol.ts'
import { BondWorld, bytesOf, frames, metric } from './support/world.ts'
import type { Node, TestGroup } from './support/world.ts'

test.each([1, 2, 3, 4, 5, 6])('members find each other, say hello once, and talk; seed %i', async (seed) => {
  await using world = new BondWorld(seed)
  const nodes = await world.network(4)
  const groups = nodes.map((node) => world.join(node, 'one'))
  await world.meshed(groups)
  await world.sim.run('10s')
  for (const group of groups) {
    const others = nodes.filter((node) => node !== group.node).map(({ id }) => id)
    expect(group.happened.filter(({ type }) => type === 'up').length).toBe(
      others.length + group.happened.filter(({ type }) => type === 'down').length,
    )
    expect(group.peers).toEqual([...others].sort())
    expect(metric(group.node, 'mosaik.groups.bonds.active')).toBe(others.length)
    for (const peer of others) expect(group.membership.send(peer, bytesOf(group.node.id))).toBe(true)
  }
  await world.sim.run('1s')
  for (const group of groups) {
    const others = nodes.filter((node) => node !== group.node).map(({ id }) => `control ${id}`)
    expect(frames(group).sort()).toEqual(others.sort())
  }
})

/** Two nodes that have each other in the catalog, the one with the lower id first. */
async function two(world: BondWorld): Promise<[Node, Node]> {
  const [a, b] = (await world.network(2)) as [Node, Node]
  return a.id < b.id ? [a, b] : [b, a]
}

function ups(group: TestGroup): number {
  return group.happened.filter(({ type }) => type === 'up').length
}

test.each(['lower', 'higher'] as const)('a bond forms when only the %s id knows the other one', async (who) => {
  await using world = new BondWorld(`only the ${who}`)
  const [low, high] = await two(world)
  const [dialler, other] = who === 'lower' ? [low, high] : [high, low]
  // The other one joins later, and hears of the first before it can have dialled.
  const first = world.join(dialler, 'g')
  first.membership.want([other.id])
  await world.sim.run('2s')
  const second = world.join(other, 'g')
  await world.meshed([first, second])
  await world.sim.run('5s')
  expect([ups(first), ups(second)]).toEqual([1, 1])
})

test.each([1, 2, 3, 4, 5, 6, 7, 8])('both dial at the same moment: one bond stays, seed %i', async (seed) => {
  await using world = new BondWorld(`simultaneous ${seed}`)
  const [low, high] = await two(world)
  const a = world.join(low, 'g')
  const b = world.join(high, 'g')
  a.membership.want([high.id])
  b.membership.want([low.id])
  await world.meshed([a, b], 150)
  await world.sim.run('10s')
  // Neither had to try again, and the lower one's is the one that stayed.
  expect([metric(low, 'mosaik.groups.dials'), metric(high, 'mosaik.groups.dials')]).toEqual([1, 1])
  expect(metric(low, 'mosaik.groups.bonds.ended')).toBe(0)
  expect([ups(a), ups(b)]).toEqual([1, 1])
  expect(metric(low, 'mosaik.groups.bonds.active')).toBe(1)
  expect(metric(high, 'mosaik.groups.bonds.active')).toBe(1)
})

test('a hundred groups share one stream and one heartbeat', async () => {
  await using world = new BondWorld('hundred')
  const [low, high] = await two(world)
  let streams = 0
  for (const { endpoint } of [low, high]) {
    const { open } = endpoint
    endpoint.open = (to, protocol, options) => {
      if (protocol === PROTOCOL) streams++
      return open.call(endpoint, to, protocol, options)
    }
  }
  const names = Array.from({ length: 100 }, (_, i) => `group ${i}`)
  const a = names.map((name) => world.join(low, name))
  const b = names.map((name) => world.join(high, name))
  for (const [i, group] of a.entries()) await world.meshed([group, b[i] as TestGroup])
  expect(streams).toBeLessThanOrEqual(2)
  expect(metric(low, 'mosaik.groups.bonds.active')).toBe(1)
  expect(metric(low, 'mosaik.groups.bonds.groups')).toBe(100)
  await world.sim.run('1s')
  const before = [low, high].map((node) => [metric(node, 'mosaik.groups.heartbeats.sent'), metric(node, 'mosaik.groups.bytes.sent')])
  await world.sim.run('10s')
  const after = [low, high].map((node) => [metric(node, 'mosaik.groups.heartbeats.sent'), metric(node, 'mosaik.groups.bytes.sent')])
  for (const [i, [beats, bytes]] of (after as [number, number][]).entries()) {
    const [beatsBefore, bytesBefore] = before[i] as [number, number]
    expect(beats - beatsBefore).toBeGreaterThan(100)
    expect(beats - beatsBefore).toBeLessThan(150)
    expect(bytes - bytesBefore).toBe((beats - beatsBefore) * 9)
  }
  for (const { bonds } of [low, high]) expect([...bonds.heard().values()][0]).toBeLessThan(250)
})
