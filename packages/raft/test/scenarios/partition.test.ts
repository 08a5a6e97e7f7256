import { describe, expect, it } from 'vitest'
import { GroupWorld, outcome } from '../group/world.ts'
import type { Node } from '../group/world.ts'

/** Below the time after which a lost majority is given up. */
const SHORT_MS = 4_000
const LONG_MS = 25_000

interface Cut {
  readonly leader: Node
  readonly majority: readonly Node[]
  readonly minority: readonly Node[]
  readonly heal: () => void
}

/** Five voters, cut into two and three, with the leader on the side asked for. */
async function cutFive(world: GroupWorld, leads: 'minority' | 'majority'): Promise<Cut> {
  const nodes = await world.voters(5)
  const leader = await world.run(world.settled(nodes))
  await world.run(leader.group.execute('before'))
  const others = nodes.filter((node) => node !== leader)
  const minority = leads === 'minority' ? [leader, ...others.slice(0, 1)] : others.slice(0, 2)
  const majority = nodes.filter((node) => !minority.includes(node))
  return { leader, majority, minority, heal: world.sim.partition(minority.map(({ endpoint }) => endpoint)) }
}

describe('partition 2 | 3, writes on both sides, heal', () => {
  it.each(['minority', 'majority'] as const)('leader in the %s: the majority goes on, the minority is told', async (leads) => {
    await using world = new GroupWorld(`short partition ${leads}`)
    const { leader, majority, minority, heal } = await cutFive(world, leads)
    const below = minority.map(({ group }, i) => outcome(group.execute(`below ${i}`, { timeout: SHORT_MS - 500 })))
    const above = await world.run(Promise.all(majority.map(({ group }, i) => group.execute(`above ${i}`))))
    expect(new Set(above.map(({ reply }) => reply))).toEqual(new Set([2, 3, 4]))
    for (const told of await world.run(Promise.all(below))) expect(['ERR_UNKNOWN', 'ERR_OFFLINE']).toContain(told)
    const lineage = leader.group.lineage
    heal()
    const lines = await world.sameState(world.nodes)
    expect(lines.slice(0, 4).toSorted()).toEqual(['above 0', 'above 1', 'above 2', 'before'])
    // What was rejected came to nothing: the old leader's entries are gone, what was never sent stays unsent.
    expect(lines).toHaveLength(4)
    for (const { group } of world.nodes) expect(group.lineage).toBe(lineage)
    if (leads === 'majority') expect(leader.group.isLeader).toBe(true)
  })

  it('a command that waits out the partition is carried out once', async () => {
    await using world = new GroupWorld('patient')
    const { leader, majority, minority, heal } = await cutFive(world, 'minority')
    const patient = minority.map(({ group }, i) => group.execute(`below ${i}`, { timeout: '30s' }))
    await world.run(majority[0]!.group.execute('above'))
    await world.run(world.pass(1_000))
    expect(leader.journal.lines).toEqual(['before'])
    heal()
    await world.run(Promise.all(patient))
    expect((await world.sameState(world.nodes)).toSorted()).toEqual(['above', 'before', 'below 0', 'below 1'])
  })

  it.each(['minority', 'majority'] as const)(
    'longer than the recovery timeout, leader in the %s: a history is handed over',
    async (leads) => {
      await using world = new GroupWorld(`long partition ${leads}`)
      const { leader, majority, minority, heal } = await cutFive(world, leads)
      const { lineage } = leader.group
      await world.run(majority[0]!.group.execute('above'))
      await world.run(world.pass(LONG_MS))
      // Who stayed behind has gone on in a history of its own, and says so.
      for (const { group, told } of minority) {
        expect(group.lineage).not.toBe(lineage)
        expect(told).toContainEqual(expect.objectContaining({ type: 'lineage', parent: lineage }))
      }
      await world.run(Promise.all(minority.map(({ group }, i) => group.execute(`below ${i}`))))
      const child = minority[0]!.group.lineage
      heal()
      expect(await world.sameState(world.nodes)).toEqual(['before', 'above'])
      for (const { group } of world.nodes) expect(group.lineage).toBe(lineage)
      for (const { told } of minority) {
        const handed = told.flatMap((event) => (event.type === 'superseded' ? [event] : []))
        expect(handed).toHaveLength(1)
        expect(handed[0]).toMatchObject({ lineage: child, by: lineage })
        // Who was cut off before hearing that 'before' was committed cannot know that the parent has it, and hands it over as well.
        const commands = handed[0]!.entries.map(({ command }) => command).filter((command) => command !== 'before')
        expect(commands.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual(['below 0', 'below 1'])
      }
      for (const { told } of majority) expect(told.filter(({ type }) => type === 'superseded')).toEqual([])
    },
  )
})

it('one node suspended for ten seconds, then resumed: no change of leader, nothing lost', async () => {
  await using world = new GroupWorld('suspended')
  const nodes = await world.voters(5)
  const leader = await world.run(world.settled(nodes))
  const sleeper = nodes.find((node) => node !== leader)!
  const { term } = leader.group
  world.sim.pause(sleeper.endpoint)
  for (let i = 0; i < 10; i++) {
    await world.run(leader.group.execute(`line ${i}`))
    await world.run(world.pass(1_000))
  }
  expect(sleeper.journal.lines).toEqual([])
  world.sim.resume(sleeper.endpoint)
  expect(await world.sameState(nodes)).toEqual(Array.from({ length: 10 }, (_, i) => `line ${i}`))
  expect(leader.group.isLeader).toBe(true)
  expect(leader.group.term).toBe(term)
})

it('a strong query at a partitioned old leader is rejected, never stale', async () => {
  await using world = new GroupWorld('strong')
  const { leader, majority, heal } = await cutFive(world, 'minority')
  const { index: seen } = await world.run(leader.group.query('size', { consistency: 'weak' }))
  const early = outcome(leader.group.query('size', { timeout: '3s' }))
  await world.run(majority[0]!.group.execute('above'))
  const late = outcome(leader.group.query('size', { timeout: '1s' }))
  expect(await world.run(Promise.all([early, late]))).toEqual(['ERR_OFFLINE', 'ERR_OFFLINE'])
  // A weak one answers from what there is, and says from when.
  expect(await world.run(leader.group.query('size', { consistency: 'weak' }))).toEqual({ result: 1, index: seen })
  const patient = leader.group.query('size')
  heal()
  expect(await world.run(patient)).toMatchObject({ result: 2 })
})
