import { describe, expect, it } from 'vitest'
import { groupKey } from '../../src/group-key.ts'
import { memoryLog } from '../../src/storage/memory-log.ts'
import type { StateMachine } from '../../src/types.ts'
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

  it('keeps replies as they were, whatever the machine and the caller do with the object afterwards', async () => {
    await using world = new GroupWorld('replies')
    const retention = { entries: 4 }
    class Account implements StateMachine<number, null, number, { balance: number }, number> {
      readonly name = 'account'
      #account = { balance: 0 }
      apply(amount: number): { balance: number } {
        this.#account.balance += amount
        return this.#account // which goes on changing
      }
      query(): number {
        return this.#account.balance
      }
      snapshot(): number {
        return this.#account.balance
      }
      install(balance: number): void {
        this.#account = { balance }
      }
    }
    const nodes = await world.voters(3)
    const accounts = nodes.map(({ groups }) =>
      groups.join({ key: groupKey('accounts'), machine: new Account(), consensus: 'fast', retention }),
    )
    const replies: { balance: number }[] = []
    for (let i = 0; i < 60; i++) {
      const { reply } = await world.run(accounts[i % 3]!.execute(1))
      replies.push({ ...reply })
      reply.balance = -1
    }
    const many = await world.run(accounts[0]!.executeMany([1, 1, 1]))
    expect(many.replies).toEqual([{ balance: 61 }, { balance: 62 }, { balance: 63 }])
    expect(replies).toEqual(Array.from({ length: 60 }, (_, i) => ({ balance: i + 1 })))
    // Outcomes are part of snapshots: whoever had another one would have been noticed.
    for (const group of accounts) expect(group.status().members.every(({ standing }) => standing === 'voter')).toBe(true)
    const snapshots = nodes.map(({ endpoint }) => /^mosaik_groups_raft_diverged\S* (\d+)/m.exec(endpoint.metrics.text())?.[1] ?? '0')
    expect(snapshots).toEqual(['0', '0', '0'])
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
