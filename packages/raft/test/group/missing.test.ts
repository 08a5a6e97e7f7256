import { describe, expect, it } from 'vitest'
import { whatIsMissing } from '../../src/driver/missing.ts'
import { groupKey } from '../../src/group-key.ts'
import { fileLog } from '../../src/storage/file-log.ts'
import type { JoinOptions } from '../../src/types.ts'
import { Cluster } from '../logic/cluster.ts'
import { GroupWorld } from './world.ts'
import type { Node } from './world.ts'

const NEVER = { consensus: { preset: 'fast', recoveryTimeout: 'never' } } as const

function missing({ group }: Node): string {
  return group.status().missing ?? 'nothing'
}

/** Three voters, of which the last is cut off from the others; answers it. */
async function cutOff(world: GroupWorld, options: (i: number) => Partial<JoinOptions> = () => ({})): Promise<Node> {
  for (let i = 0; i < 3; i++) await world.node(options(i))
  await world.run(world.settled(world.nodes))
  const node = world.nodes.at(-1) as Node
  world.sim.partition(node.endpoint)
  await world.run(node.group.when.offline())
  await world.run(node.group.bonds.until((bonds) => bonds.length === 0))
  await world.run(world.pass(100))
  return node
}

const tail = ({ id }: Node): string => `12D3…${id.slice(-6)}`

describe('what is missing', () => {
  it('before there is a history: who founds it, and when', async () => {
    await using world = new GroupWorld('founding')
    const first = await world.node({ consensus: { preset: 'fast', minMembers: 3 } })
    const other = first.groups.join({ key: groupKey('other') })
    expect(other.status()).toEqual({ members: [], missing: 'the group has not started on this node' })
    await world.run(world.pass(100))
    expect(missing(first)).toBe('no history is known yet: 1 of 3 members (minMembers) are here')
    const alone = await world.node()
    await world.run(world.pass(100))
    expect(missing(alone)).toMatch(
      /^no history is known yet, and one is founded in 0\.[12] s at the earliest; 0 other members are connected$/,
    )
    await world.run(alone.group.when.online())
    expect(missing(alone)).toBe('nothing')
    const second = await world.node({ consensus: { preset: 'fast', minMembers: 3 } })
    await world.run(second.group.bonds.until((bonds) => bonds.length === 1))
    await world.run(world.pass(2_000))
    expect(missing(first)).toBe('no history is known yet: 2 of 3 members (minMembers) are here')
    const error = await world.run(second.group.execute('x', { timeout: 500 }).catch((cause: Error) => cause.message))
    expect(error).toBe('nothing was sent: no history is known yet: 2 of 3 members (minMembers) are here')
  })

  it('an observer alone waits for a member that founds a history', async () => {
    await using world = new GroupWorld('observer')
    const observer = await world.node({ preference: 'observer' })
    await world.run(world.pass(5_000))
    expect(missing(observer)).toBe(
      'no history is known yet, and an observer founds none: waiting for a member that does; 0 other members are connected',
    )
  })

  it('in a minority: since when, how many are there, who is not, and when it goes on without them', async () => {
    await using world = new GroupWorld('minority')
    const node = await cutOff(world)
    const others = world.nodes.filter((other) => other !== node).sort((a, b) => (a.id < b.id ? -1 : 1))
    const text = new RegExp(
      String.raw`^no leader for (\d\.\d) s: 1 of 3 voters reachable \(2 needed\), waiting for ${others.map(tail).join(', ')}; recovery in (\d\.\d) s in [0-9a-f]{10}$`,
      'u',
    )
    const read = (): readonly number[] => (text.exec(missing(node)) ?? []).slice(1).map(Number)
    const [since = 0, left = 0] = read()
    await world.run(world.pass(2_000))
    const [later = 0, less = 0] = read()
    expect(later - since).toBeCloseTo(2, 0)
    expect(left - less).toBeCloseTo(2, 0)
    const began = world.sim.now
    await world.run(node.group.when.online())
    expect((world.sim.now - began) / 1_000).toBeCloseTo(less, 0)
    expect(missing(node)).toBe('nothing')
  })

  it('no recovery where that is never, or while one of the others has its log on disk; an observer does not recover', async () => {
    await using world = new GroupWorld('never')
    expect(missing(await cutOff(world, () => NEVER))).toContain('; no recovery (recoveryTimeout is never) in ')
    await using mixed = new GroupWorld('durable')
    const disk = (i: number): Partial<JoinOptions> =>
      i === 0 ? { storage: fileLog('/log', { disk: mixed.sim.disk('d').mount({ clock: mixed.sim.clock }) }) } : {}
    expect(missing(await cutOff(mixed, disk))).toContain('; no recovery while one of them has its log on disk in ')
    await using watched = new GroupWorld('watched')
    await watched.voters(2)
    const observer = await watched.node({ preference: 'observer' })
    await watched.run(observer.group.when.online())
    watched.sim.partition(observer.endpoint)
    await watched.run(observer.group.bonds.until((bonds) => bonds.length === 0))
    await watched.run(watched.pass(100))
    expect(missing(observer)).toMatch(/0 of 2 voters reachable \(2 needed\), waiting for .*; an observer waits for others to recover in /)
  })

  it('with a majority there: that it elects, or has not answered', () => {
    const cluster = new Cluster('missing')
    cluster.found(['a', 'b', 'c'])
    const say = (name: string): string => whatIsMissing(cluster.node(name).core.state, 1_234)
    expect(say('a')).toMatch(/^no leader for 1\.2 s: 3 of 3 voters reachable \(2 needed\); an election is under way in /)
    cluster.add('d')
    cluster.stabilize()
    expect(say('d')).toMatch(/^no leader for 1\.2 s: this node has nothing of the log yet; 3 other members are connected$/)
    cluster.tick(4_000)
    const leader = cluster.leader()?.name as string
    const follower = ['a', 'b', 'c'].find((name) => name !== leader) as string
    expect(say(follower)).toBe(`the leader ${leader} has not answered`)
    expect(say(leader)).toBe('this node leads, and has not heard a majority: 3 of 3 voters reachable (2 needed)')
    expect(whatIsMissing(undefined, 0)).toBe('the group has not started on this node')
  })
})

it('the status tells who can be reached and, at the leader, who lags and who is silent', async () => {
  await using world = new GroupWorld('status')
  const leader = await world.run(world.settled(await world.voters(3)))
  const [follower, other] = world.nodes.filter((node) => node !== leader) as [Node, Node]
  const of = (here: Node, about: Node) => here.group.status().members.find(({ peerId }) => peerId === about.id)
  expect(of(leader, leader)).toMatchObject({ standing: 'voter', isReachable: true, lag: 0, silence: 0 })
  expect(of(leader, follower)).toMatchObject({ standing: 'voter', isReachable: true, lag: 0 })
  expect(of(leader, follower)?.silence).toBeLessThan(400)
  expect(of(follower, leader)).toEqual({ ...of(follower, leader), isReachable: true })
  expect(Object.keys(of(follower, leader) ?? {})).not.toContain('lag')
  world.sim.partition(other.endpoint)
  for (let i = 0; i < 5; i++) await world.run(leader.group.execute(`${i}`))
  expect(of(leader, other)).toMatchObject({ isReachable: true, lag: 6 }) // a session, and five commands
  await world.run(leader.group.bonds.until((bonds) => bonds.length === 1))
  await world.run(world.pass(1_000))
  expect(of(leader, other)).toMatchObject({ standing: 'voter', isReachable: false })
  expect(of(leader, other)?.silence).toBeGreaterThanOrEqual(1_000)
})
