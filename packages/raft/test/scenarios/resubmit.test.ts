import { expect, it } from 'vitest'
import type { JoinOptions } from '../../src/types.ts'
import { GroupWorld } from '../group/world.ts'
import type { Node } from '../group/world.ts'

/** Far longer than the time after which a lost majority is given up. */
const LONG_MS = 25_000
const OPTIONS = { resubmit: true } as const

/** Two nodes that found a group of their own while they cannot reach `first`, and then can. */
async function stranger(world: GroupWorld, first: readonly Node[], options: Partial<JoinOptions>): Promise<[Node[], () => void]> {
  const apart = world.sim.partition(first.map(({ endpoint }) => endpoint))
  const one = await world.node(options)
  world.discovery = { bootstrap: [first[0]!, one].flatMap(({ endpoint }) => endpoint.addresses) }
  const second = [one, await world.node(options)]
  await world.run(world.ledBySame(second))
  return [second, apart]
}

/** Until nothing more comes. */
async function atRest(world: GroupWorld): Promise<readonly string[]> {
  await world.run(world.pass(10_000))
  return world.sameState(world.nodes)
}

async function writeAll(world: GroupWorld, nodes: readonly Node[], prefix: string, count: number): Promise<string[]> {
  const lines = Array.from({ length: count }, (_, i) => `${prefix} ${i}`)
  for (const [i, line] of lines.entries()) await world.run(nodes[i % nodes.length]!.group.execute(line))
  return lines
}

it.each([1, 2, 3, 4, 5])(
  'what a child wrote is proposed to its parent, in order and once, though both its members do: seed %i',
  async (seed) => {
    await using world = new GroupWorld(`resubmit ${seed}`)
    const nodes = await world.voters(5, OPTIONS)
    const leader = await world.run(world.settled(nodes))
    // Right before the cut: the minority may have these without knowing that they are committed, and takes them along.
    const inherited = await writeAll(world, [leader], 'before', 3)
    const minority = nodes.filter((node) => node !== leader).slice(0, 2)
    const majority = nodes.filter((node) => !minority.includes(node))
    const heal = world.sim.partition(minority.map(({ endpoint }) => endpoint))
    await world.run(world.pass(LONG_MS))
    const above = await writeAll(world, majority, 'above', 2)
    const below = await writeAll(world, minority, 'below', 20)
    heal()
    const lines = await atRest(world)
    expect(lines.slice(0, 5)).toEqual([...inherited, ...above])
    expect(lines.slice(5)).toEqual(below)
  },
)

it('of two strangers the one that yields brings what it has, more than fits one proposal, through a change of leader', async () => {
  await using world = new GroupWorld('strangers')
  const first = await world.voters(3, OPTIONS)
  const [second, meet] = await stranger(world, first, OPTIONS)
  const lost = await writeAll(world, second, 'second', 300)
  const kept: string[] = []
  for (let i = 0; i < 20; i++) {
    const batch = Array.from({ length: 20 }, (_, j) => `first ${20 * i + j}`)
    kept.push(...batch)
    await world.run(first[0]!.group.executeMany(batch))
  }
  meet()
  await world.run(world.until(() => second.every(({ told }) => told.some(({ type }) => type === 'superseded')), 'the smaller one yields'))
  const leader = world.nodes.find(({ group }) => group.isLeader)
  if (leader !== undefined) await world.run(leader.group.transferLeadership().catch(() => {}))
  const lines = await atRest(world)
  expect(lines.slice(0, kept.length)).toEqual(kept)
  expect(lines.slice(kept.length)).toEqual(lost)
})

it('without it nothing is proposed', async () => {
  await using world = new GroupWorld('silent')
  const first = await world.voters(3)
  const [second, meet] = await stranger(world, first, {})
  await writeAll(world, second, 'second', 3)
  const kept = await writeAll(world, first, 'first', 5)
  meet()
  await world.run(world.until(() => second.every(({ told }) => told.some(({ type }) => type === 'superseded')), 'the smaller one yields'))
  expect(await atRest(world)).toEqual(kept)
})
