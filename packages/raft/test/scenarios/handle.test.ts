import { createTicket, MosaikError, uniqueId } from '@mosaik/core'
import type { TicketValidator } from '@mosaik/core'
import { describe, expect, it } from 'vitest'
import { groupKey } from '../../src/group-key.ts'
import { GroupWorld, Journal, outcome } from '../group/world.ts'
import type { Node } from '../group/world.ts'

const JOIN = { key: groupKey('journal'), consensus: 'fast' } as const

async function codesOf(whats: readonly Promise<unknown>[]): Promise<readonly string[]> {
  return Promise.all(whats.map(outcome))
}

describe('handles of one node', () => {
  it('are one member; the last one to close leaves', async () => {
    await using world = new GroupWorld('handles')
    const [a, b] = (await world.voters(2)) as [Node, Node]
    const second = a.groups.join({ ...JOIN, machine: new Journal() })
    expect(second.id).toBe(a.group.id)
    await world.run(second.execute('by the second'))
    expect(await world.run(a.group.query('all'))).toMatchObject({ result: ['by the second'] })
    await world.run(a.group.close())
    await world.run(a.group.close())
    expect(await outcome(a.group.execute('closed'))).toBe('ERR_CLOSED')
    expect(await world.run(second.execute('still here'))).toMatchObject({ reply: 2 })
    expect(b.group.members.value).toHaveLength(2)
    await world.run(second.close())
    await world.run(b.group.members.until((members) => members.length === 1))
    expect(await world.run(b.group.execute('alone'))).toMatchObject({ reply: 3 })
    expect(a.told.at(-1)).not.toMatchObject({ type: 'failed' })
  })

  it.each([true, false])('who has left joins again, as another member (waits for the end: %s)', async (waits) => {
    await using world = new GroupWorld('again')
    const [a, b] = (await world.voters(2)) as [Node, Node]
    await world.run(a.group.execute('before'))
    const closing = a.group.close()
    if (waits) await world.run(closing)
    const machine = new Journal()
    const again = a.groups.join({ ...JOIN, machine })
    expect(await world.run(again.execute('again'))).toMatchObject({ reply: 2 })
    await world.run(b.group.members.until((members) => members.length === 2))
    expect(machine.lines).toEqual(['before', 'again'])
    await world.run(a.groups.close())
    expect(await outcome(again.execute('x'))).toBe('ERR_CLOSED')
  })

  it('do not mix machines of different classes', async () => {
    await using world = new GroupWorld('mismatch')
    const node = await world.node()
    class Another extends Journal {}
    expect(() => node.groups.join({ ...JOIN, machine: new Another() })).toThrow(expect.objectContaining({ code: 'ERR_MACHINE_MISMATCH' }))
    expect(await world.run(node.group.execute('fine'))).toMatchObject({ reply: 1 })
  })
})

it('a machine that throws fails its group only, and everything that waits on it', async () => {
  await using world = new GroupWorld('poison')
  const [a, b] = (await world.voters(2)) as [Node, Node]
  const others = [a, b].map(({ groups }) => groups.join({ ...JOIN, key: groupKey('other'), machine: new Journal() }))
  await world.run(Promise.all(others.map((group) => group.when.online())))
  const { group } = a
  const waits = [
    group.execute('poison'), group.when.committed(1_000), group.position.until(() => false), group.members.until(() => false),
  ] // prettier-ignore
  const codes = codesOf(waits)
  expect(new Set(await world.run(codes))).toEqual(new Set(['ERR_GROUP_FAILED']))
  expect(await codesOf([group.execute('x'), group.query('size'), group.feed('x'), group.transferLeadership()])).toEqual(
    Array.from({ length: 4 }, () => 'ERR_GROUP_FAILED'),
  )
  expect(a.told.at(-1)).toMatchObject({ type: 'failed', error: { code: 'ERR_GROUP_FAILED', cause: new Error('poisoned') } })
  await world.run(Promise.all(others.map((other, i) => other.execute(`fine ${i}`))))
  await world.run(group.close())
})

describe('a call', () => {
  it('too large is refused and disturbs nobody', async () => {
    await using world = new GroupWorld('large')
    const [node] = (await world.cluster(1)) as [Node]
    const { group } = node
    expect(await outcome(group.execute('x'.repeat(16 * 1024 * 1024 + 1)))).toBe('ERR_TOO_LARGE')
    expect(await outcome(group.executeMany(Array.from({ length: 3 }, () => 'x'.repeat(6 * 1024 * 1024))))).toBe('ERR_TOO_LARGE')
    expect(await outcome(group.executeMany([]))).toBe('ERR_INVALID_OPTION')
    expect(await world.run(group.execute('small'))).toMatchObject({ reply: 1 })
  })

  it('without a leader: ERR_OFFLINE with its commands; sent and not answered: ERR_UNKNOWN; aborted: the reason', async () => {
    await using world = new GroupWorld('calls')
    const nodes = await world.voters(3)
    const leader = await world.run(world.settled(nodes))
    const follower = nodes.find((node) => node !== leader)!
    world.sim.partition(follower.endpoint)
    const controller = new AbortController()
    const reason = new Error('no longer wanted')
    const aborted = follower.group.execute('aborted', { signal: controller.signal })
    const sent = outcome(follower.group.execute('sent', { timeout: '500ms' }))
    controller.abort(reason)
    await expect(aborted).rejects.toBe(reason)
    await expect(follower.group.execute('late', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(await world.run(sent)).toBe('ERR_UNKNOWN')
    await world.run(follower.group.when.offline())
    await world.run(follower.group.bonds.until((bonds) => bonds.length === 0))
    const unsent = follower.group.executeMany(['a', 'b'], { timeout: '500ms' }).catch((error: unknown) => error)
    const error = await world.run(unsent)
    expect(error).toMatchObject({ code: 'ERR_OFFLINE', commands: ['a', 'b'] })
    expect((error as MosaikError).message).toMatch(/1 of 3 voters reachable \(2 needed\)/)
  })
})

it('leadership is handed over from any member, to anyone who may vote', async () => {
  await using world = new GroupWorld('transfer')
  const nodes = await world.voters(3)
  const observer = await world.node({ preference: 'observer' })
  await world.run(observer.group.when.online())
  for (const asking of world.nodes) {
    for (const to of nodes) {
      await world.run(asking.group.transferLeadership(to.id))
      expect(asking.group.leader).toBe(to.id)
      await world.run(to.group.when.isLeader())
    }
    const before = asking.group.leader
    await world.run(asking.group.transferLeadership())
    expect(asking.group.leader).not.toBe(before)
  }
  expect(await world.run(outcome(nodes[0]!.group.transferLeadership(observer.id)))).toBe('ERR_INVALID_OPTION')
  await world.run(nodes[0]!.group.execute('goes on'))
})

it('conditions hold when they say so', async () => {
  await using world = new GroupWorld('conditions')
  const nodes = await world.voters(3)
  const leader = await world.run(world.settled(nodes))
  const [one, other] = nodes.filter((node) => node !== leader) as [Node, Node]
  await Promise.all([
    leader.group.when.isLeader(),
    one.group.when.isFollower(),
    one.group.when.online(),
    one.group.when.leaderIs(leader.id),
  ])
  expect(await one.group.when.leaderElected()).toBe(leader.id)
  const controller = new AbortController()
  const reason = new Error('enough')
  const never = one.group.when.offline({ signal: controller.signal })
  controller.abort(reason)
  await expect(never).rejects.toBe(reason)
  const { index } = await world.run(one.group.execute('a'))
  await world.run(Promise.all(nodes.map(({ group }) => group.when.committed(index))))
  const [changed, follows] = [other.group.when.leaderChanged(), leader.group.when.isFollower()]
  await world.run(one.group.transferLeadership(one.id))
  expect(await world.run(changed)).toBe(one.id)
  await world.run(follows)
  world.crash(one)
  world.crash(other)
  await world.run(leader.group.when.offline())
  expect(leader.group.isOnline).toBe(false)
  const waits = codesOf([leader.group.when.leaderChanged(), leader.group.when.leaderIs(one.id)])
  await world.run(leader.group.close())
  expect(await waits).toEqual(['ERR_CLOSED', 'ERR_CLOSED'])
})

it('a reader of events that is too slow is told how many it has missed', async () => {
  await using world = new GroupWorld('lagged')
  const [a, b] = (await world.voters(2)) as [Node, Node]
  const slow = a.group.events()[Symbol.asyncIterator]()
  const before = a.told.length
  for (let i = 0; i < 150; i++) await world.run(a.group.transferLeadership(i % 2 === 0 ? a.id : b.id))
  const published = a.told.length - before
  expect(published).toBeGreaterThan(256)
  expect((await slow.next()).value).toEqual({ type: 'lagged', missed: published - 256 })
  expect((await slow.next()).value).toMatchObject({ type: 'leader' })
})

describe('who has not what it takes', () => {
  it('another key, machine or setting is another group', async () => {
    await using world = new GroupWorld('wrong key')
    const [node] = (await world.cluster(1)) as [Node]
    const strangers = [await world.node({ key: groupKey('wrong') }), await world.node({ consensus: { preset: 'fast', maxVoters: 3 } })]
    await world.run(world.pass(10_000))
    expect(new Set(world.nodes.map(({ group }) => group.id)).size).toBe(3)
    for (const { group } of [node, ...strangers]) expect([group.members.value.length, group.bonds.value.length]).toEqual([1, 0])
  })

  it('without a ticket it never joins; with one it does, and without it again it is out', async () => {
    const Pass: TicketValidator = {
      class: uniqueId('pass'),
      signature: uniqueId('pass'),
      validate: (data) => {
        if (new TextDecoder().decode(data) === 'ok') return 'never'
        throw new MosaikError('ERR_INVALID_TICKET', 'no good')
      },
    }
    await using world = new GroupWorld('tickets')
    const [host, guest] = [await world.node({ requireTicket: Pass }), await world.node({ requireTicket: Pass, preference: 'observer' })]
    host.discovery.addTicket(createTicket('pass', 'ok'))
    await world.run(host.group.execute('secret'))
    guest.discovery.addTicket(createTicket('pass', 'wrong'))
    await world.run(world.pass(20_000))
    expect([guest.group.isOnline, guest.journal.lines]).toEqual([false, []])
    guest.discovery.replaceTicket(createTicket('pass', 'ok'))
    await world.run(world.until(() => guest.journal.lines.length > 0, 'the guest has it'))
    expect(guest.journal.lines).toEqual(['secret'])
    guest.discovery.removeTickets('pass')
    await world.run(guest.group.when.offline())
  })
})

it('closing settles everything that waits, within its bound, also without a majority', async () => {
  await using world = new GroupWorld('close')
  const nodes = await world.voters(3)
  const leader = await world.run(world.settled(nodes))
  world.sim.partition(leader.endpoint)
  const waits = codesOf([
    leader.group.execute('x'),
    leader.group.query('size'),
    leader.group.feed('y', { timeout: '60s' }),
    leader.group.when.committed(99),
  ])
  const events = (async () => {
    for await (const _ of leader.group.events());
  })()
  const before = world.sim.now
  await world.run(leader.groups.close())
  expect(world.sim.now - before).toBeLessThanOrEqual(2 * 400 + 1_000 + 1_000)
  const codes = await waits
  // The leader has appended what was fed, or it is over.
  expect([codes[0], codes[1], codes[3]]).toEqual(['ERR_CLOSED', 'ERR_CLOSED', 'ERR_CLOSED'])
  expect(['done', 'ERR_CLOSED']).toContain(codes[2])
  await events
  expect(() => leader.groups.join({ ...JOIN, machine: new Journal() })).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
})
