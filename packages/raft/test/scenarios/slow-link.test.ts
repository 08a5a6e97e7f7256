import { expect, it } from 'vitest'
import { GroupWorld } from '../group/world.ts'

const LINES = 200
const LINE_BYTES = 10_000

it.each([
  { timing: 'default', consensus: undefined, rate: 30_000 },
  { timing: 'fast', consensus: 'fast' as const, rate: 100_000 },
])('a follower behind $rate bytes/s catches up at nearly that, with $timing timing', async ({ consensus, rate }) => {
  await using world = new GroupWorld(`slow link ${rate}`)
  const nodes = await world.voters(3, consensus === undefined ? { consensus: {} } : { consensus })
  const leader = await world.run(world.settled(nodes))
  const { term } = leader.group
  const slow = nodes.find((node) => node !== leader)!
  for (const node of nodes) if (node !== slow) world.sim.shapePath(node.endpoint, slow.endpoint, { bandwidth: rate })
  const startedAt = world.sim.now
  for (let i = 0; i < LINES; i++) await world.run(leader.group.execute(`${i} `.padEnd(LINE_BYTES, 'x')))
  const leastMs = (LINES * LINE_BYTES * 1000) / rate
  // The majority does not wait for it.
  expect(world.sim.now - startedAt).toBeLessThan(leastMs / 4)
  await world.run(world.until(() => slow.journal.lines.length === LINES, 'the slow one has caught up', 1.2 * leastMs + 2_000))
  expect(leader.group.isLeader && leader.group.term).toBe(term)
})
