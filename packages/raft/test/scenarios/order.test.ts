import { expect, it } from 'vitest'
import { GroupWorld } from '../group/world.ts'
import type { Node } from '../group/world.ts'

const CALLS = 300

/** Calls without waiting for any of them. */
async function callAll(world: GroupWorld, name: number, { group }: Node): Promise<void> {
  const calls: Promise<unknown>[] = []
  for (let i = 0; i < CALLS; i++) {
    calls.push(group.execute(`${name} ${i}`, { timeout: '120s' }))
    if (i % 3 === 0) await world.pass(20)
  }
  await Promise.all(calls)
}

it.each([1, 2, 3, 4, 5, 6])('calls on one handle keep their order, whatever happens to connections and leaders: seed %i', async (seed) => {
  await using world = new GroupWorld(`order ${seed}`)
  const nodes = await world.voters(3)
  const { prng } = world.sim
  let isOver = false
  const mischief = (async () => {
    while (!isOver) {
      await world.pass(prng.float() * 300)
      const [one, other] = [0, 1].map(() => nodes[Math.floor(prng.float() * nodes.length)] as Node)
      if (one === undefined || other === undefined || one === other) continue
      if (prng.float() < 0.2) await one.group.transferLeadership(other.id).catch(() => {})
      else world.sim.breakConnection(one.endpoint, other.endpoint)
    }
  })()
  const calls = Promise.all(nodes.map((node, i) => callAll(world, i, node))).finally(() => (isOver = true))
  await world.run(Promise.all([calls, mischief]))
  const lines = await world.sameState(nodes)
  for (const name of nodes.keys()) {
    const numbers = lines.filter((line) => line.startsWith(`${name} `)).map((line) => Number(line.split(' ')[1]))
    expect(numbers).toEqual(Array.from({ length: CALLS }, (_, i) => i))
  }
})
