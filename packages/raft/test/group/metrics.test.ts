import { createMetrics, shortId } from '@mosaik/core'
import type { Clock, GroupId } from '@mosaik/core'
import { describe, expect, it } from 'vitest'
import { groupKey } from '../../src/group-key.ts'
import { Probes } from '../../src/driver/probes.ts'
import { GroupWorld, Journal, outcome } from './world.ts'
import type { Node } from './world.ts'

/** A series of this node's group; 0 where there is none. */
function value(node: Node, name: string, labels = ''): number {
  return valueOf(node, node.group, name, labels)
}

function valueOf({ endpoint }: Node, { id }: { readonly id: GroupId }, name: string, labels = ''): number {
  const key = `${name.replaceAll('.', '_')}{`
  const lines = endpoint.metrics.text().split('\n')
  const mine = lines.filter((line) => line.startsWith(key) && line.includes(`group="${shortId(id)}"`) && line.includes(labels))
  return mine.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

describe('metrics of a group', () => {
  it('say who leads, how far it is, and who is in it', async () => {
    await using world = new GroupWorld('metrics')
    const nodes = await world.voters(3)
    const observer = await world.node({ preference: 'observer' })
    await world.run(observer.group.when.online())
    const leader = await world.run(world.settled(world.nodes, 3))
    const { index } = await world.run(observer.group.execute('x'))
    await world.run(Promise.all(world.nodes.map(({ group }) => group.when.committed(index))))
    expect(nodes.map((node) => value(node, 'mosaik.groups.raft.role'))).toEqual(nodes.map((node) => (node === leader ? 3 : 0)))
    for (const node of world.nodes) {
      const read = (name: string): number => value(node, `mosaik.groups.raft.${name}`)
      expect([read('online'), read('term'), read('committed'), read('applied')]).toEqual([1, node.group.term, index, index])
      expect([read('log.entries'), read('sessions'), read('committee.voters'), read('committee.size')]).toEqual([index, 1, 3, 4])
      expect([read('committee.non_voters'), read('committee.observers'), read('leader.changes'), read('lineages')]).toEqual([1, 1, 1, 1])
      expect(read('log.bytes')).toBeGreaterThan(0)
      expect(node.endpoint.metrics.text()).toContain(`mosaik_groups_active{network="${shortId(node.endpoint.networkId)}"} 1`)
    }
    expect(value(leader, 'mosaik.groups.raft.lag')).toBe(0)
  })

  it('measure commits at the leader, forwards and strong reads where they are asked, and what applying takes', async () => {
    await using world = new GroupWorld('latencies')
    const nodes = await world.voters(3)
    const leader = await world.run(world.settled(nodes))
    const follower = nodes.find((node) => node !== leader) as Node
    const count = (node: Node, name: string): number => value(node, `mosaik.groups.raft.${name}.seconds_count`)
    const before = [count(leader, 'commit'), count(follower, 'apply')] as const
    for (let i = 0; i < 10; i++) await world.run(follower.group.execute(`${i}`))
    for (let i = 0; i < 5; i++) await world.run(follower.group.query('size'))
    await world.run(follower.group.query('size', { consistency: 'weak' }))
    expect(count(leader, 'commit') - before[0]).toBeGreaterThanOrEqual(10)
    expect(count(follower, 'apply') - before[1]).toBeGreaterThanOrEqual(10)
    expect([count(follower, 'commit'), count(follower, 'forward'), count(leader, 'forward')]).toEqual([0, 10, 0])
    expect([count(follower, 'read'), count(leader, 'read')]).toEqual([5, 0])
    // A way there and back is 2 to 8 ms.
    const sum = value(follower, 'mosaik.groups.raft.forward.seconds_sum')
    expect(sum).toBeGreaterThanOrEqual(0.02)
    expect(sum).toBeLessThanOrEqual(0.08)
  })

  it('tell of elections, calls that failed, what was superseded, and who came back', async () => {
    await using world = new GroupWorld('failures')
    const a = await world.run(world.settled(await world.voters(2)))
    const b = world.nodes.find((node) => node !== a) as Node
    await world.run(a.group.transferLeadership(b.id))
    expect([value(b, 'mosaik.groups.raft.elections'), value(b, 'mosaik.groups.raft.leader.changes')]).toEqual([1, 2])
    const aborted = outcome(a.group.execute('aborted', { signal: AbortSignal.abort(new Error('no')) }))
    await world.run(Promise.all([aborted, outcome(a.group.execute('x'.repeat(17 * 1024 * 1024)))]))
    world.sim.partition(b.endpoint)
    await world.run(Promise.all([a, b].map(({ group }) => group.when.offline())))
    await world.run(Promise.all([outcome(a.group.query('size', { timeout: 500 })), outcome(a.group.execute('x', { timeout: 500 }))]))
    const failed = (labels: string): number => value(a, 'mosaik.groups.calls.failed', labels)
    expect([failed('code="aborted"'), failed('code="ERR_TOO_LARGE"'), failed('call="query",code="ERR_OFFLINE"')]).toEqual([1, 1, 1])
    expect(failed('call="command",code="ERR_OFFLINE"')).toBe(1)
    const lonely = (i: number): string => `lonely ${i}`
    await world.run(a.group.execute('kept', { timeout: '60s' }))
    await world.run(a.group.execute('kept too'))
    await world.run(b.group.execute(lonely(1), { timeout: '60s' }))
    world.sim.heal()
    await world.run(world.settled([a, b]))
    const [loser, winner] = b.told.some(({ type }) => type === 'superseded') ? [b, a] : [a, b]
    expect(value(loser, 'mosaik.groups.raft.superseded')).toBeGreaterThan(0)
    expect([value(loser, 'mosaik.groups.raft.returns'), value(winner, 'mosaik.groups.raft.returns')]).toEqual([1, 0])
    expect([value(winner, 'mosaik.groups.raft.lineages.recovered'), value(winner, 'mosaik.groups.raft.superseded')]).toEqual([1, 0])
  })

  it('tell of snapshots, and of lag at the leader only', async () => {
    await using world = new GroupWorld('snapshots')
    const retention = { entries: 8 }
    const [a] = (await world.cluster(1, { retention })) as [Node]
    for (let i = 0; i < 40; i++) await world.run(a.group.execute(`${i}`))
    const late = await world.node({ retention })
    await world.run(late.group.position.until(({ index }) => index >= 40))
    await world.run(world.settled([a, late]))
    await world.run(world.pass(1_000))
    expect(value(a, 'mosaik.groups.snapshots.taken')).toBeGreaterThan(0)
    expect(value(late, 'mosaik.groups.snapshots.installed')).toBe(1)
    expect(value(a, 'mosaik.groups.snapshots.bytes.served')).toBeGreaterThan(0)
    expect(value(late, 'mosaik.groups.snapshots.bytes.fetched')).toBe(value(a, 'mosaik.groups.snapshots.bytes.served'))
    expect(value(a, 'mosaik.groups.raft.log.entries')).toBeLessThan(40)
  })

  it('go to nothing when the group is closed, and other groups have series of their own', async () => {
    await using world = new GroupWorld('closed')
    const [node] = (await world.cluster(1)) as [Node]
    const other = node.groups.join({ key: groupKey('other'), machine: new Journal(), consensus: 'fast' })
    await world.run(other.execute('x'))
    expect(node.endpoint.metrics.text()).toMatch(/^mosaik_groups_active\{.*\} 2$/m)
    await world.run(node.group.close())
    expect(['raft.role', 'raft.online', 'raft.committee.size'].map((name) => value(node, `mosaik.groups.${name}`))).toEqual([0, 0, 0])
    expect(valueOf(node, other, 'mosaik.groups.raft.role')).toBe(3)
    expect(node.endpoint.metrics.text()).toMatch(/^mosaik_groups_active\{.*\} 1$/m)
  })
})

describe('probes', () => {
  it('measure a bounded sample, in order, and never what was overtaken or begins again', () => {
    let now = 0
    const clock = { monotonic: () => now } as Clock
    const metrics = createMetrics()
    const probes = new Probes(clock, metrics.histogram('took'))
    const told = (): string[] => [...metrics.text().matchAll(/^took_(?:sum|count) (.*)$/gm)].map(([, text]) => text as string)
    for (let i = 1; i <= 100; i++) probes.begin(i) // 64 are measured
    now += 125
    probes.begin(3)
    probes.reached(10)
    expect(told()).toEqual(['1.25', '10'])
    probes.met(20)
    expect(told()).toEqual(['1.375', '11'])
    probes.met(15)
    probes.met(99)
    expect(told()[1]).toBe('11')
    probes.begin(200)
    probes.forget()
    probes.reached(1_000)
    expect(told()[1]).toBe('11')
  })
})
