import { describe, expect, it } from 'vitest'
import { memoryLog } from '../../src/storage/memory-log.ts'
import { simGroup } from '../../src/testing/sim-group.ts'
import { Journal } from '../group/world.ts'

const machine = (): Journal => new Journal()

describe('a simulated group', () => {
  it('is settled when it is there, and the same for the same seed', async () => {
    const play = async (seed: number): Promise<readonly [string, number, readonly string[]]> => {
      await using cluster = await simGroup({ machine, members: 5, observers: 1, seed, loss: 0.05 })
      expect(cluster.members.map(({ name }) => name)).toEqual(['n1', 'n2', 'n3', 'n4', 'n5', 'n6'])
      const leader = await cluster.leader()
      expect(
        leader.group.members.value
          .map(({ standing }) => standing)
          .toSorted()
          .join(),
      ).toBe('observer,voter,voter,voter,voter,voter')
      await cluster.run(Promise.all(cluster.members.map(({ group, name }) => group.execute(name))))
      const { machine: journal } = await cluster.converged()
      return [cluster.trace.hash, cluster.now, journal.lines]
    }
    const one = await play(1)
    expect(await play(1)).toEqual(one)
    expect((await play(2))[0]).not.toBe(one[0])
  })

  it('is one program within run, too', async () => {
    await using cluster = await simGroup({ machine, seed: 3 })
    await cluster.run(async () => {
      const leader = await cluster.leader()
      expect(await leader.group.execute('a')).toMatchObject({ reply: 1 })
      const before = cluster.now
      await cluster.pass('1m')
      expect(cluster.now).toBe(before + 60_000)
      await cluster.until(() => cluster.members.every(({ machine: { lines } }) => lines.length === 1), 'everyone has it')
    })
  })

  it('crashes and restarts: a member keeps its place, its life is new', async () => {
    await using cluster = await simGroup({ machine, seed: 4 })
    const leader = await cluster.leader()
    const { group, machine: journal, id } = leader
    await cluster.run(group.execute('before'))
    cluster.crash(leader)
    expect([leader.state, cluster.running.length]).toEqual(['gone', 2])
    await cluster.settled()
    await cluster.run(cluster.running[0]!.group.execute('meanwhile'))
    expect(await cluster.restart(leader)).toBe(leader)
    expect([leader.id, leader.state, leader.machine === journal, leader.group === group]).toEqual([id, 'running', false, false])
    await cluster.converged()
    expect(leader.machine.lines).toEqual(['before', 'meanwhile'])
    expect(leader.events.map(({ type }) => type)).toContain('leader')
  })

  it('on disks loses power and keeps what was acknowledged; wiped, a member comes back as another one', async () => {
    await using cluster = await simGroup({ machine, seed: 5, storage: 'durable', members: 3 })
    const incarnations = (): string[] =>
      cluster.members[0]!.group.members.value.map(({ incarnation, peerId }) => `${peerId} ${incarnation}`).toSorted()
    const before = incarnations()
    await cluster.run(cluster.members[0]!.group.execute('kept'))
    for (const member of cluster.members) cluster.cutPower(member)
    expect(cluster.running).toEqual([])
    await cluster.pass('10s')
    for (const member of cluster.members) await cluster.restart(member)
    const leader = await cluster.converged()
    expect(leader.machine.lines).toEqual(['kept'])
    expect(incarnations()).toEqual(before)
    await cluster.restart(cluster.members[2]!, { wiped: true })
    // Its place is given up as soon as the others see that it is another one, and then the new one gets it.
    await cluster.until(() => incarnations().length === 3 && incarnations().join() !== before.join(), 'another member has its place')
    await cluster.converged()
    expect(cluster.members[2]!.machine.lines).toEqual(['kept'])
  })

  it('is cut, one way too, and healed; is stopped and goes on', async () => {
    await using cluster = await simGroup({ machine, seed: 6, members: 5 })
    const leader = await cluster.leader()
    const [one, ...rest] = cluster.members.filter((member) => member !== leader)
    const heal = cluster.partition([leader, one!])
    const other = await cluster.leader(rest)
    expect(other).not.toBe(leader)
    await cluster.run(other.group.execute('by the majority'))
    expect(leader.machine.lines).toEqual([])
    heal()
    await cluster.converged()
    cluster.partition(other, undefined, { oneWay: true })
    await cluster.leader(cluster.members.filter((member) => member !== other))
    cluster.heal()
    const last = await cluster.settled()
    cluster.pause(last)
    expect([last.state, cluster.running.length]).toEqual(['paused', 4])
    await cluster.run(cluster.running[0]!.group.execute('without the last'))
    expect(last.machine.lines).toHaveLength(1)
    cluster.resume(last)
    await cluster.converged()
    expect(last.machine.lines).toHaveLength(2)
  })

  it('grows and shrinks', async () => {
    await using cluster = await simGroup({ machine, seed: 7, members: 0 })
    const first = await cluster.add()
    await cluster.run(first.group.execute('alone'))
    const late = await cluster.add({ storage: ({ name }) => (expect(name).toBe('n2'), memoryLog()) })
    await cluster.converged()
    await cluster.leave(first)
    expect(await cluster.settled()).toBe(late)
    expect(late.machine.lines).toEqual(['alone'])
    await cluster.restart(first, { preference: 'observer' })
    await cluster.converged()
    expect(first.group.members.value.map(({ standing }) => standing).toSorted()).toEqual(['observer', 'voter'])
  })
})

describe('what it says', () => {
  it('of a group that does not settle: who lacks what', async () => {
    await using cluster = await simGroup({ machine, seed: 8 })
    const leader = await cluster.leader()
    const follower = cluster.members.find((member) => member !== leader)!
    cluster.partition(follower)
    await cluster.run(leader.group.execute('x'))
    const names = (pattern: string): RegExp => new RegExp(pattern.replaceAll('F', follower.name).replaceAll('L', leader.name))
    await expect(cluster.settled(cluster.members, { within: '100ms' })).rejects.toThrow(names(String.raw`F has applied \d+ of \d+`))
    const alone = cluster.settled(cluster.members, { within: '5s' })
    await expect(alone).rejects.toThrow(names(String.raw`L leads in term \d`))
    await expect(alone).rejects.toThrow(names('F follows nobody, is bonded with nobody'))
    await expect(cluster.leader(cluster.members.toSpliced(0))).rejects.toThrow('nobody is running')
    await expect(cluster.until(() => false, 'the impossible', '1s')).rejects.toThrow('the impossible')
    await expect(cluster.run(follower.group.when.leaderIs('nobody' as never), { within: '1s' })).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
    })
  })

  it('of a group that has failed, at once', async () => {
    await using cluster = await simGroup({ machine, seed: 9 })
    await expect(cluster.run(cluster.members[0]!.group.execute('poison'))).rejects.toMatchObject({ code: 'ERR_GROUP_FAILED' })
    const before = cluster.now
    await expect(cluster.settled()).rejects.toThrow(/the group of n\d has ended: .*poisoned/)
    expect(cluster.now - before).toBeLessThan(1_000)
  })

  it('of states that differ: whose, and where', async () => {
    await using cluster = await simGroup({ machine, seed: 10 })
    const leader = await cluster.leader()
    await cluster.run(leader.group.execute('same'))
    const other = cluster.members.find((member) => member !== leader)!
    await cluster.settled()
    other.machine.lines = ['some']
    await expect(cluster.converged()).rejects.toThrow(
      new RegExp(`${other.name} is not that of its leader ${leader.name}.*differs from byte 3`),
    )
  })

  it('of wrong options', async () => {
    for (const options of [
      { storage: 'disk' },
      { members: -1 },
      { observers: 0.5 },
      { loss: 2 },
      { members: 1, consensus: { electionTimeout: 'soon' } },
    ]) {
      await expect(simGroup({ machine, seed: 1, ...(options as object) })).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' })
    }
    await using one = await simGroup({ machine, seed: 1, members: 1 })
    await using two = await simGroup({ machine, seed: 1, members: 1 })
    expect(() => one.crash(two.members[0]!)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }))
    one.pause(one.members[0]!)
    await expect(one.leave(one.members[0]!)).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' })
  })
})
