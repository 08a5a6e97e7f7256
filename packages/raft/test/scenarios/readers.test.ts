import { describe, expect, it } from 'vitest'
import { GroupWorld, outcome } from '../group/world.ts'

/** The recovery timeout of the fast preset, and an election. */
const RECOVERY_MS = 10_000

describe('a single writer and two observers', () => {
  it('the writer is killed and comes back with nothing: it leads again, holding what the observers have', async () => {
    await using world = new GroupWorld('lone writer')
    const writer = await world.node()
    const readers = [await world.node({ preference: 'observer' }), await world.node({ preference: 'observer' })]
    await world.run(world.settled(world.nodes, 1))
    await world.run(writer.group.executeMany(['a', 'b']))
    await world.run(Promise.all(readers.map(({ group }) => group.position.until(({ index }) => index === writer.group.committed.value))))
    const { lineage } = writer.group
    world.crash(writer)
    await world.run(Promise.all(readers.map(({ group }) => group.when.offline())))
    const again = await world.restart(writer)
    const before = world.sim.now
    await world.run(again.group.when.online())
    expect(world.sim.now - before).toBeLessThan(RECOVERY_MS)
    expect(await world.sameState(world.nodes, 1)).toEqual(['a', 'b'])
    expect(again.group.isLeader).toBe(true)
    for (const { told, group } of readers) {
      expect(group.lineage).not.toBe(lineage)
      expect(told).toContainEqual(expect.objectContaining({ type: 'lineage', parent: lineage }))
    }
    await world.run(again.group.execute('c'))
    expect(await world.sameState(world.nodes, 1)).toEqual(['a', 'b', 'c'])
  })

  it('observers replicate, execute and query, and never vote nor lead', async () => {
    await using world = new GroupWorld('observers')
    const writer = await world.node()
    const readers = [await world.node({ preference: 'observer' }), await world.node({ preference: 'observer' })]
    await world.run(world.settled(world.nodes, 1))
    expect(await world.run(readers[0]!.group.execute('from a reader'))).toMatchObject({ reply: 1 })
    for (const { group } of readers) expect(await world.run(group.query('all'))).toMatchObject({ result: ['from a reader'] })
    const standings = writer.group.members.value.map(({ peerId, standing }) => [peerId, standing] as const)
    expect(new Map(standings)).toEqual(new Map([[writer.id, 'voter'], ...readers.map(({ id }) => [id, 'observer'] as const)]))
    world.crash(writer)
    await world.run(world.pass(60_000))
    for (const { group } of readers) expect([group.isOnline, group.isLeader]).toEqual([false, false])
    const lost = outcome(readers[0]!.group.execute('nobody there', { timeout: '5s' }))
    expect(await world.run(lost)).toBe('ERR_OFFLINE')
    expect(await world.run(readers[0]!.group.query('size', { consistency: 'weak' }))).toMatchObject({ result: 1 })
  })
})
