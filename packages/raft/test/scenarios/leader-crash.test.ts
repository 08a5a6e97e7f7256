import { describe, expect, it } from 'vitest'
import { GroupWorld } from '../group/world.ts'

/** One way: a round trip stays below the election timeout, or nobody could be elected among two. */
const SLOW_MS = 150

/** All subsets of so many followers that differ in more than names: the first few, and the last few. */
function subsets(followers: number): readonly (readonly number[])[] {
  const all = Array.from({ length: followers }, (_, i) => i)
  return [[], ...all.map((i) => all.slice(0, i + 1)), ...all.slice(1).map((i) => all.slice(i))]
}

describe.each([2, 3, 4, 5, 7])('the leader of %i members is killed right after execute has returned', (size) => {
  it.each(subsets(size - 1).map((slow) => ({ slow })))('followers $slow are slow: nothing acknowledged is missing', async ({ slow }) => {
    await using world = new GroupWorld(`crash ${size} ${slow.join()}`)
    const nodes = await world.voters(size)
    const leader = await world.run(world.settled(nodes))
    const followers = nodes.filter((node) => node !== leader)
    for (const i of slow) world.sim.shapePath(leader.endpoint, followers[i]!.endpoint, { latency: SLOW_MS })
    const acknowledged = ['first', 'second', 'third']
    for (const line of acknowledged) {
      await world.run(leader.group.execute(line))
      if (line === 'third') world.crash(leader)
    }
    expect(await world.sameState(followers)).toEqual(acknowledged)
    await world.run(followers[0]!.group.execute('after'))
    expect(await world.sameState(followers)).toEqual([...acknowledged, 'after'])
  })
})

it('the leader changes between acknowledgement and commit: execute resolves for its own entry only', async () => {
  await using world = new GroupWorld('own entry')
  const nodes = await world.voters(5)
  const leader = await world.run(world.settled(nodes))
  const heal = world.sim.partition(leader.endpoint)
  // Appended here at the very index at which the others will commit something else.
  const cut = leader.group.execute('cut off', { timeout: '60s' })
  let isDone = false
  void cut.then(() => (isDone = true))
  const others = nodes.filter((node) => node !== leader)
  const { index } = await world.run(others[0]!.group.execute('instead'))
  await world.run(others[0]!.group.execute('and on'))
  expect(isDone).toBe(false)
  heal()
  const mine = await world.run(cut)
  expect(mine.index).toBeGreaterThan(index)
  expect(mine.reply).toBe(3)
  expect(await world.sameState(nodes)).toEqual(['instead', 'and on', 'cut off'])
})
