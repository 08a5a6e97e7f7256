import { describe, expect, it } from 'vitest'
import { GroupWorld } from './world.ts'

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
})
