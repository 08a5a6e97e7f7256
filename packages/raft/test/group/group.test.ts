import { describe, expect, it } from 'vitest'
import { groupKey } from '../../src/group-key.ts'
import { memoryLog } from '../../src/storage/memory-log.ts'
import { decodeEntryData } from '../../src/wire/entry-codec.ts'
import { GroupWorld, Journal } from './world.ts'

/** By bonds, whatever the group. */
function bytesSent(metrics: string): number {
  return [...metrics.matchAll(/^mosaik_groups_bytes_sent\S* (\d+)/gm)].reduce((sum, [, value]) => sum + Number(value), 0)
}

describe('a group', () => {
  it('forms by itself, elects one leader, and applies commands everywhere', async () => {
    await using world = new GroupWorld(1)
    const nodes = await world.cluster(3)
    const replies = await world.run(Promise.all(nodes.map(({ group }, i) => group.execute(`from ${i}`))))
    expect(new Set(replies.map(({ reply }) => reply))).toEqual(new Set([1, 2, 3]))
    const last = Math.max(...replies.map(({ index }) => index))
    await world.run(Promise.all(nodes.map(({ group }) => group.position.until(({ index }) => index >= last))))
    for (const { journal } of nodes) expect(journal.lines).toEqual(nodes[0]!.journal.lines)
    const answers = await world.run(Promise.all(nodes.map(({ group }) => group.query('size'))))
    expect(answers.map(({ result }) => result)).toEqual([3, 3, 3])
  })

  it('forgets the session of a member that leaves', async () => {
    await using world = new GroupWorld('farewell')
    const store = memoryLog()
    const stays = await world.node({ storage: store })
    await world.run(world.ledBySame([stays]))
    const leaves = await world.node()
    await world.run(leaves.group.execute('mine'))
    await world.run(leaves.groups.close())
    await world.run(stays.group.execute('later'))
    const kinds = (await store.entries(store.first, store.last.index)).map(({ bytes }) => decodeEntryData(bytes))
    const opened = kinds.flatMap((data) => (data.kind === 'session-open' ? [data.session] : []))
    const expired = kinds.flatMap((data) => (data.kind === 'session-expire' ? [data.session] : []))
    expect(opened).toHaveLength(2)
    expect(expired).toEqual([opened[0]])
  })

  it('of one node works alone', async () => {
    await using world = new GroupWorld(2)
    const [node] = await world.cluster(1)
    expect(await world.run(node!.group.executeMany(['a', 'b', 'c']))).toMatchObject({ replies: [1, 2, 3] })
    expect(node!.group.members.value).toMatchObject([{ peerId: node!.id, standing: 'voter' }])
  })

  it('goes on when its leader is killed, and loses nothing that was acknowledged', async () => {
    await using world = new GroupWorld(3)
    const nodes = [...(await world.cluster(3))]
    const leader = await world.run(world.ledBySame(nodes))
    await world.run(leader.group.execute('before'))
    world.crash(leader)
    const rest = nodes.filter((node) => node !== leader)
    await world.run(rest[0]!.group.execute('after'))
    await world.run(world.ledBySame(rest))
    await world.run(rest[1]!.group.query('size'))
    for (const { journal } of rest) expect(journal.lines).toEqual(['before', 'after'])
  })

  it('in which nothing happens costs no frames: a hundred cost what one costs', async () => {
    const idle = async (groups: number): Promise<number> => {
      await using world = new GroupWorld(4)
      const nodes = await world.cluster(3)
      for (let i = 1; i < groups; i++) {
        for (const { groups: joined } of nodes) joined.join({ key: groupKey(`idle ${i}`), machine: new Journal(), consensus: 'fast' })
      }
      await world.run(world.pass(20_000))
      const sent = (): number => nodes.reduce((sum, { endpoint }) => sum + bytesSent(endpoint.metrics.text()), 0)
      const before = sent()
      await world.run(world.pass(10_000))
      return sent() - before
    }
    const [one, many] = [await idle(1), await idle(100)]
    expect(one).toBeGreaterThan(0)
    expect(many / one).toBeCloseTo(1, 1) // beats come a little earlier or later, by chance
  })
})
