import { createMetrics } from '@mosaik/core'
import { describe, expect, it } from 'vitest'
import { groupKey } from '../../src/group-key.ts'
import { DEFAULT_LIMITS } from '../../src/logic/options.ts'
import { memoryLog } from '../../src/storage/memory-log.ts'
import type { LogStore } from '../../src/storage/types.ts'
import { metric } from '../bond/support/world.ts'
import { GroupWorld } from '../group/world.ts'
import type { Node } from '../group/world.ts'

const BATCH = 500
/** Of 200 bytes each: the state has several parts. */
const LINE = 'x'.repeat(190)

/** Has so many entries committed, a batch at a time, and answers what the last index is. */
async function fill(world: GroupWorld, node: Node, entries: number): Promise<void> {
  for (let done = 0; done < entries; done += BATCH) {
    await world.run(Promise.all(Array.from({ length: BATCH }, (_, i) => node.group.execute(`${LINE} ${done + i}`))))
  }
}

describe('who comes late', () => {
  it('catches up by replay while the log is whole', async () => {
    await using world = new GroupWorld('replay')
    const nodes = await world.voters(2)
    await fill(world, nodes[0]!, 1_000)
    const store = memoryLog()
    const late = await world.node({ storage: store })
    expect(await world.sameState(world.nodes)).toHaveLength(1_000)
    expect([store.first, store.snapshot]).toEqual([1, undefined])
    await world.run(late.group.execute('the newest'))
  })

  it(
    'catches up by snapshot when the log is pruned, whichever of its sources dies; all die, and one returns',
    { timeout: 60_000 },
    async () => {
      await using world = new GroupWorld('snapshot')
      const stores: LogStore[] = [memoryLog(), memoryLog(), memoryLog()]
      for (const storage of stores) await world.node({ storage })
      const nodes = [...world.nodes]
      await world.run(world.settled(nodes))
      const entries = DEFAULT_LIMITS.snapshotEntries + DEFAULT_LIMITS.tailEntries
      await fill(world, nodes[0]!, 16_500)
      await world.run(world.settled(nodes))
      // Bounded: what a snapshot has is not kept twice.
      for (const store of stores) {
        expect(store.snapshot?.at.index).toBeGreaterThan(0)
        expect(store.last.index - store.first + 1).toBeLessThanOrEqual(entries)
      }
      const lines = 16_500
      const store = memoryLog()
      const late = await world.node({ storage: store })
      expect(await world.sameState(world.nodes)).toHaveLength(lines)
      expect(store.first).toBeGreaterThan(1)
      await world.run(late.group.execute('by the late'))

      // On thin lines, so that sources die in the midst of it.
      const leader = await world.run(world.settled(world.nodes))
      const another = await world.node()
      for (const { endpoint } of world.nodes)
        if (endpoint !== another.endpoint) world.sim.shapePath(endpoint, another.endpoint, { bandwidth: 400_000 })
      await world.run(world.pass(1_500))
      const source = world.nodes.find((node) => node !== leader && node !== another)!
      expect(another.journal.lines).toEqual([])
      world.crash(source)
      await world.run(world.pass(1_000))
      expect(another.journal.lines).toEqual([])
      // All others are gone for a while.
      const heal = world.sim.partition(another.endpoint)
      await world.run(world.pass(3_000))
      heal()
      await world.run(another.group.position.until(({ index }) => index >= leader.group.committed.value))
      expect(another.journal.lines).toEqual(leader.journal.lines)
      expect(another.journal.lines).toHaveLength(lines + 1)
    },
  )
})

describe('bounds', () => {
  it('many idle groups cost a pair of nodes no more heartbeats than one, and stay up', { timeout: 60_000 }, async () => {
    const traffic = async (groups: number): Promise<number> => {
      await using world = new GroupWorld('idle')
      const metrics = createMetrics()
      const nodes = [await world.node({}, { metrics }), await world.node()]
      const joined = nodes.flatMap(({ groups: all }) =>
        Array.from({ length: groups - 1 }, (_, i) => all.join({ key: groupKey(`idle ${i}`), consensus: 'fast' })),
      )
      await world.run(world.settled(nodes))
      await world.run(world.until(() => joined.every((group) => group.members.value.length === 2), 'all groups have formed'))
      await world.run(world.pass(10_000))
      const before = metric({ metrics }, 'mosaik.groups.bytes.sent')
      await world.run(world.pass(30_000))
      for (const group of joined) expect(group.isOnline).toBe(true)
      return metric({ metrics }, 'mosaik.groups.bytes.sent') - before
    }
    const one = await traffic(1)
    expect(one).toBeGreaterThan(0)
    expect(await traffic(50)).toBeLessThan(1.2 * one)
  })

  it('one slow member holds up nobody, and gets there', async () => {
    await using world = new GroupWorld('slow peer')
    const nodes = await world.voters(3)
    const leader = await world.run(world.settled(nodes))
    const [slow, fast] = nodes.filter((node) => node !== leader) as [Node, Node]
    world.sim.shapePath(leader.endpoint, slow.endpoint, { bandwidth: 1_000_000 })
    const before = world.sim.now
    await fill(world, leader, 5_000)
    expect(world.sim.now - before).toBeLessThan(5_000)
    expect(fast.journal.lines.length).toBeGreaterThan(4_000)
    expect(await world.sameState(nodes)).toHaveLength(5_000)
    expect(slow.journal.lines).toHaveLength(5_000)
  })
})
