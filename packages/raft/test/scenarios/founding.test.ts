import { describe, expect, it } from 'vitest'
import { GroupWorld } from '../group/world.ts'
import type { Node } from '../group/world.ts'

/** Two nodes that start apart, each founds a history and writes so many lines; then they meet. */
async function meet(world: GroupWorld, lines: readonly [number, number]): Promise<readonly [Node, Node]> {
  const pair = [await world.node(), await world.node()] as const
  const heal = world.sim.partition(pair[0].endpoint)
  for (const [i, node] of pair.entries()) {
    for (let line = 0; line < lines[i as 0 | 1]; line++) await world.run(node.group.execute(`${i}.${line}`))
  }
  await world.run(world.until(() => world.sim.now >= 10_000, 'ten seconds'))
  for (const { group } of pair) expect(group.isLeader).toBe(true)
  expect(pair[0].group.lineage).not.toBe(pair[1].group.lineage)
  heal()
  return pair
}

describe.each([
  { lines: [3, 3] as const, name: 'as much on both sides' },
  { lines: [3, 1] as const, name: '3 against 1 writes' },
  { lines: [1, 3] as const, name: '1 against 3 writes' },
  { lines: [0, 0] as const, name: 'nothing on either side' },
])('two founders that meet after ten seconds: $name', ({ lines, name }) => {
  it('one history remains, who loses is told what is lost, states are equal', async () => {
    await using world = new GroupWorld(`founders ${name}`)
    const pair = await meet(world, lines)
    const before = pair.map(({ group, journal }) => ({ lineage: group.lineage, lines: [...journal.lines] }))
    const after = await world.sameState(pair)
    const winner = before.findIndex(({ lineage }) => lineage === pair[0].group.lineage) as 0 | 1
    const loser = (1 - winner) as 0 | 1
    if (lines[0] !== lines[1]) expect(lines[winner]).toBe(3)
    expect(after).toEqual(before[winner]!.lines)
    const told = (node: Node): readonly unknown[] => node.told.filter(({ type }) => type === 'superseded')
    expect(told(pair[winner])).toEqual([])
    expect(told(pair[loser])).toEqual([
      expect.objectContaining({ lineage: before[loser]!.lineage, by: before[winner]!.lineage, entries: expect.any(Array) }),
    ])
    expect([...world.superseded].toSorted()).toEqual(before[loser]!.lines)
    // Both write on, into the one history.
    await world.run(Promise.all(pair.map(({ group }, i) => group.execute(`after ${i}`))))
    expect(await world.sameState(pair)).toHaveLength(before[winner]!.lines.length + 2)
  })
})

it('nobody founds before minMembers have come together', async () => {
  await using world = new GroupWorld('minMembers')
  const options = { consensus: { preset: 'fast', minMembers: 3 } } as const
  const nodes = [await world.node(options), await world.node(options)]
  await world.run(world.pass(20_000))
  for (const { group } of nodes) expect([group.isOnline, group.lineage]).toEqual([false, undefined])
  nodes.push(await world.node(options))
  await world.run(world.settled(nodes))
  expect(new Set(nodes.map(({ group }) => group.lineage)).size).toBe(1)
})

it('who is reluctant leads only where nobody else would', async () => {
  await using world = new GroupWorld('reluctant')
  const nodes = [await world.node({ preference: { reluctant: 5 } }), await world.node(), await world.node()] as const
  const leader = await world.run(world.settled(nodes))
  expect(leader).not.toBe(nodes[0])
  world.crash(leader)
  const rest = nodes.filter((node) => node !== leader)
  expect(await world.run(world.ledBySame(rest))).not.toBe(nodes[0])
  await world.run(world.settled(rest))
  for (const node of rest) if (node !== nodes[0]) world.crash(node)
  await world.run(nodes[0].group.when.isLeader())
  await world.run(nodes[0].group.execute('alone'))
})
