import { expect, it } from 'vitest'
import { GroupWorld, outcome } from '../group/world.ts'
import type { Node } from '../group/world.ts'

async function withLeader(world: GroupWorld, size: number): Promise<readonly [Node, readonly Node[]]> {
  const nodes = await world.voters(size)
  const leader = await world.run(world.settled(nodes))
  return [leader, nodes.filter((node) => node !== leader)]
}

it.each([20, 50, 100, 200])('a follower of two voters misses what is sent for %i ms: it recovers without another command', async (ms) => {
  await using world = new GroupWorld(`missed ${ms}`)
  const [leader, [follower]] = await withLeader(world, 2)
  const heal = world.sim.partition(leader.endpoint, follower!.endpoint, { oneWay: true })
  const done = leader.group.execute('only one')
  await world.run(world.pass(ms))
  heal()
  await world.run(done)
  expect(await world.sameState(world.nodes)).toEqual(['only one'])
})

it('the connection of two voters breaks with a command on it: it is carried out once', async () => {
  await using world = new GroupWorld('broken')
  const [leader, [follower]] = await withLeader(world, 2)
  for (let i = 0; i < 5; i++) {
    const done = Promise.all([leader.group.execute(`leader ${i}`), follower!.group.execute(`follower ${i}`)])
    await world.run(world.pass(i))
    expect(world.sim.breakConnection(leader.endpoint, follower!.endpoint)).toBe(true)
    await world.run(done)
    await world.run(world.settled(world.nodes))
  }
  expect(new Set(await world.sameState(world.nodes)).size).toBe(10)
  expect(leader.journal.lines).toHaveLength(10)
})

it('five entries conflict: the log is the same everywhere after the repair', async () => {
  await using world = new GroupWorld('conflict')
  const [leader, others] = await withLeader(world, 5)
  await world.run(leader.group.execute('before'))
  const heal = world.sim.partition(leader.endpoint)
  const lost = Array.from({ length: 5 }, (_, i) => outcome(leader.group.execute(`lost ${i}`, { timeout: '2s' })))
  for (let i = 0; i < 5; i++) await world.run(others[0]!.group.execute(`kept ${i}`))
  expect(new Set(await world.run(Promise.all(lost)))).toEqual(new Set(['ERR_UNKNOWN']))
  expect(leader.group.lineage).toBe(others[0]!.group.lineage)
  heal()
  expect(await world.sameState(world.nodes)).toEqual(['before', ...Array.from({ length: 5 }, (_, i) => `kept ${i}`)])
  // What had been in conflict is repaired for good: everyone can lead on from it.
  for (const node of [leader, ...others]) {
    await world.run(node.group.transferLeadership(node.id))
    await world.run(node.group.execute(`led by ${world.nodes.indexOf(node)}`))
  }
  expect(await world.sameState(world.nodes)).toHaveLength(11)
})

it('clocks that differ by an hour, and one that is set while it runs', async () => {
  await using world = new GroupWorld('skew')
  // Discovery takes entries from so far away only when told to; the group itself never compares clocks.
  world.discovery = { maxTimeDrift: '240m', purgeAfter: '240m' }
  const nodes = [await world.node(), await world.node({}, { clockSkew: '60m' }), await world.node()] as const
  world.sim.stepClock(nodes[2].endpoint, -3_600_000)
  const leader = await world.run(world.settled(nodes))
  await world.run(Promise.all(nodes.map(({ group }, i) => group.execute(`from ${i}`))))
  const { term } = leader.group
  world.sim.stepClock(leader.endpoint, 7_200_000)
  await world.run(world.pass(10_000))
  expect([leader.group.isLeader, leader.group.term]).toEqual([true, term])
  const late = await world.node({}, { clockSkew: '60m' })
  expect(await world.sameState([...nodes, late])).toHaveLength(3)
  expect(await world.run(late.group.query('size'))).toMatchObject({ result: 3 })
})
