import { CloseReasons, peerIdOf, secretKey } from '@mosaik/core'
import { expect, test } from 'vitest'
import { createBonds } from '../../src/bond/bonds.ts'
import { BondWorld, bytesOf, FAST, frames, metric } from './support/world.ts'
import type { Node, TestGroup } from './support/world.ts'

interface Scene extends AsyncDisposable {
  readonly world: BondWorld
  readonly a: TestGroup
  readonly b: TestGroup
}

/** Two bonded nodes, the lower id first. */
async function bonded(seed: string, sim: ConstructorParameters<typeof BondWorld>[1] = {}): Promise<Scene> {
  const world = new BondWorld(seed, sim)
  const nodes = (await world.network(2)).toSorted((x, y) => (x.id < y.id ? -1 : 1)) as [Node, Node]
  const [a, b] = [world.join(nodes[0], 'g'), world.join(nodes[1], 'g')]
  await world.meshed([a, b])
  return { world, a, b, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
}

function downs(group: TestGroup): string[] {
  return group.happened.flatMap((one) => (one.type === 'down' ? [one.reason.name] : []))
}

test.each(['a', 'b'] as const)(
  'a process that stands still (%s) is down after the missed heartbeats, and up again when it goes on',
  async (who) => {
    await using s = await bonded(`still ${who}`, { idleTimeout: '5m' })
    const [still, other] = who === 'a' ? [s.a, s.b] : [s.b, s.a]
    await s.world.sim.run('1s')
    s.world.sim.pause(still.node.endpoint)
    const before = s.world.sim.now
    await s.world.eventually(() => other.peers.length === 0, 3_000)
    const took = s.world.sim.now - before
    expect(took).toBeGreaterThan(900)
    expect(took).toBeLessThan(1_300)
    expect(downs(other)).toEqual(['Timeout'])
    s.world.sim.resume(still.node.endpoint)
    await s.world.meshed([s.a, s.b])
    // Time in which it stood still itself was not held against its peer.
    expect(downs(still)).not.toContain('Timeout: no heartbeat')
  },
)

test('a group with more patience keeps the bond that another one gives up', async () => {
  await using s = await bonded('patience', { idleTimeout: '5m' })
  const patient = [s.a, s.b].map(({ node }) => s.world.join(node, 'patient', { timing: { interval: 500, jitter: 100, maxMissed: 10 } }))
  await s.world.meshed(patient)
  s.world.sim.pause(s.b.node.endpoint)
  await s.world.sim.run('2s')
  s.world.sim.resume(s.b.node.endpoint)
  expect(downs(s.a)).toEqual(['Timeout'])
  expect(patient.map(downs)).toEqual([[], []])
  await s.world.meshed([s.a, s.b])
  expect(patient.map(downs)).toEqual([[], []])
})

test.each(['a', 'b'] as const)('a partition of one way, from %s: both sides notice, and bond again when it heals', async (who) => {
  await using s = await bonded(`one way ${who}`, { idleTimeout: '5m' })
  const [from, to] = who === 'a' ? [s.a, s.b] : [s.b, s.a]
  const heal = s.world.sim.partition(from.node.endpoint, to.node.endpoint, { oneWay: true })
  await s.world.eventually(() => s.a.peers.length === 0 && s.b.peers.length === 0, 3_000)
  heal()
  await s.world.meshed([s.a, s.b])
})

test.each([1, 2, 3, 4])('a partition and its end, seed %i', async (seed) => {
  await using world = new BondWorld(`partition ${seed}`)
  const nodes = await world.network(4)
  const groups = nodes.map((node) => world.join(node, 'g'))
  await world.meshed(groups)
  const heal = world.sim.partition([nodes[0] as Node, nodes[1] as Node].map(({ endpoint }) => endpoint))
  await world.eventually(() => groups.every(({ peers }) => peers.length === 1))
  await world.sim.run('20s')
  heal()
  await world.meshed(groups, 20_000)
  await world.sim.run('5s')
  for (const group of groups) {
    expect(group.peers).toHaveLength(3)
    expect(metric(group.node, 'mosaik.groups.bonds.active')).toBe(3)
  }
})

test.each([1, 2, 3])('connections that break are replaced at once, seed %i', async (seed) => {
  await using s = await bonded(`break ${seed}`)
  for (let i = 0; i < 5; i++) {
    s.world.sim.breakConnection(s.a.node.endpoint, s.b.node.endpoint)
    await s.world.eventually(() => downs(s.a).length === i + 1 && downs(s.b).length === i + 1)
    await s.world.meshed([s.a, s.b], 15_000)
  }
})

test.each(['a', 'b'] as const)(
  'a node that died (%s) and comes back with the same key replaces its bond before anyone missed it',
  async (who) => {
    await using s = await bonded(`restart ${who}`, { idleTimeout: '5m' })
    const [dead, alive] = who === 'a' ? [s.a, s.b] : [s.b, s.a]
    const { node } = dead
    s.world.nodes.splice(s.world.nodes.indexOf(node), 1)
    const endpoint = await s.world.sim.restart(node.endpoint)
    const again = s.world.join(await s.world.nodeOn(endpoint, node.metrics, []), 'g')
    await s.world.meshed([alive, again])
    await s.world.eventually(() => alive.happened.filter(({ type }) => type === 'up').length === 2, 500)
    const hellos = alive.happened.flatMap((one) => (one.type === 'up' ? [one.hello] : []))
    expect(new Set(hellos).size).toBe(2)
    expect(downs(alive)).toHaveLength(1)
    await s.world.sim.run('5s')
    expect(alive.peers).toEqual([node.id])
  },
)

test('one group floods: others get through, memory is bounded, what is lost is told', async () => {
  await using s = await bonded('flood', { bandwidth: 1_000_000 })
  const [quiet, quietToo] = [s.world.join(s.a.node, 'quiet'), s.world.join(s.b.node, 'quiet')]
  await s.world.meshed([quiet, quietToo])
  const to = s.b.node.id
  const big = new Uint8Array(1024 * 1024)
  let taken = 0
  while (s.a.membership.send(to, big, { bulk: true })) taken++
  expect(taken).toBeGreaterThanOrEqual(16)
  expect(taken).toBeLessThan(26)
  let control = 0
  while (s.a.membership.send(to, new Uint8Array(1024))) control++
  expect(control).toBeLessThan(5_000)
  expect(metric(s.a.node, 'mosaik.groups.frames.lost')).toBe(2)
  expect(quiet.membership.send(to, bytesOf('hurry'))).toBe(true)
  expect(quiet.membership.send(to, bytesOf('a little bulk'), { bulk: true })).toBe(true)
  await s.world.eventually(() => frames(quietToo).length === 2, 6_000)
  expect(frames(quietToo)).toEqual(['control hurry', 'bulk a little bulk'])
  expect(s.b.happened.filter((one) => one.type === 'frame' && one.kind === 'bulk').length).toBeLessThan(taken)
  await s.world.eventually(() => s.a.ready.length > 0, 60_000)
  expect(s.a.membership.send(to, big, { bulk: true })).toBe(true)
  await s.world.eventually(() => s.b.happened.filter((one) => one.type === 'frame').length === taken + control + 1, 60_000)
  expect([...downs(s.a), ...downs(s.b)]).toEqual([])
})

test('control frames overtake bulk, and a frame of the largest size arrives whole', async () => {
  await using s = await bonded('overtake', { bandwidth: 20_000_000 })
  const to = s.b.node.id
  const largest = new Uint8Array(16 * 1024 * 1024 + 64 * 1024)
  largest.fill(7, largest.length - 3)
  expect(s.a.membership.send(to, largest, { bulk: true })).toBe(true)
  await s.world.sim.run('20ms')
  expect(s.a.membership.send(to, bytesOf('first'))).toBe(true)
  await s.world.eventually(() => frames(s.b).length > 0, 2_000)
  expect(frames(s.b)).toEqual(['control first'])
  const arrived = (): Uint8Array[] => s.b.happened.flatMap((one) => (one.type === 'frame' && one.kind === 'bulk' ? [one.bytes] : []))
  await s.world.eventually(() => arrived().length === 1)
  expect(Buffer.compare(arrived()[0] as Uint8Array, largest)).toBe(0)
  expect(() => s.a.membership.send(to, new Uint8Array(largest.length + 1), { bulk: true })).toThrow(/are allowed/)
  expect(() => s.a.membership.send(to, new Uint8Array(64 * 1024 + 1))).toThrow(/are allowed/)
})

test('both sides send all they can at the same time: nothing stands still', async () => {
  await using s = await bonded('both', { bandwidth: 10_000_000 })
  const big = new Uint8Array(2 * 1024 * 1024)
  for (const [from, to] of [
    [s.a, s.b],
    [s.b, s.a],
  ] as const)
    for (let i = 0; i < 5; i++) from.membership.send(to.node.id, big, { bulk: true })
  await s.world.eventually(() => frames(s.a).length === 5 && frames(s.b).length === 5, 10_000)
  expect([...downs(s.a), ...downs(s.b)]).toEqual([])
})

test('a group whose callbacks throw harms only itself', async () => {
  await using s = await bonded('throws')
  const bad = s.world.join(s.a.node, 'bad', {
    onFrame: () => {
      throw new Error('broken')
    },
  })
  const good = s.world.join(s.b.node, 'bad')
  await s.world.meshed([bad, good])
  good.membership.send(s.a.node.id, bytesOf('x'))
  await s.world.eventually(() => downs(good).length === 1)
  expect(downs(good)).toEqual(['GroupFailed'])
  expect(s.a.node.log.some((line) => line.includes('threw in a callback'))).toBe(true)
  // It is tried again, and the other group never noticed.
  await s.world.meshed([bad, good])
  expect([...downs(s.a), ...downs(s.b)]).toEqual([])
})

test('leave says why, takes the group out of the entry, and leaves other groups alone', async () => {
  await using s = await bonded('leave')
  const [one, other] = [s.world.join(s.a.node, 'h'), s.world.join(s.b.node, 'h')]
  await s.world.meshed([one, other])
  one.membership.send(s.b.node.id, bytesOf('last words'))
  const left = one.membership.leave()
  expect(one.membership.leave()).toBe(left)
  expect(one.membership.send(s.b.node.id, bytesOf('x'))).toBe(false)
  await s.world.sim.run(left)
  await s.world.eventually(() => other.peers.length === 0, 1_000)
  expect(frames(other)).toEqual(['control last words'])
  expect(downs(other)).toEqual(['Departed'])
  expect(one.happened.map(({ type }) => type)).toEqual(['up'])
  expect(s.a.node.discovery.me.groups.size).toBe(1)
  await expect(one.membership.bonds.changed()).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  expect([...downs(s.a), ...downs(s.b)]).toEqual([])
  // The same node may come back.
  const again = s.world.join(s.a.node, 'h')
  await s.world.meshed([again, other])
  await s.world.sim.run('3s')
  const dials = metric(s.b.node, 'mosaik.groups.dials')
  await s.world.sim.run(Promise.all([again.membership.leave(), s.a.membership.leave()]))
  await s.world.sim.run('60s')
  expect(metric(s.b.node, 'mosaik.groups.dials') - dials).toBeLessThan(3)
  expect(metric(s.b.node, 'mosaik.groups.bonds.active')).toBe(0)
})

test('close ends everything, also what is pending, and leaves the endpoint to others', async () => {
  await using s = await bonded('close')
  const { node } = s.a
  const nobody = peerIdOf(secretKey('nobody'))
  s.a.membership.want([s.b.node.id, nobody])
  s.a.membership.send(s.b.node.id, new Uint8Array(16 * 1024 * 1024), { bulk: true })
  const closing = node.bonds.close()
  expect(node.bonds.close()).toBe(closing)
  expect(() => s.world.join(node, 'x')).toThrow(/closed/)
  const before = s.world.sim.now
  await s.world.sim.run(closing)
  expect(s.world.sim.now - before).toBeLessThan(2_100)
  await s.world.eventually(() => downs(s.b).length === 1)
  expect(downs(s.b)).toEqual([CloseReasons.GracefulShutdown.name])
  expect(node.discovery.me.groups.size).toBe(0)
  const again = createBonds(node.discovery)
  await s.world.sim.run(again.close())
})

test('close also ends when what it stands on has gone already', async () => {
  await using s = await bonded('floor')
  const { node, membership } = s.a
  s.world.nodes.splice(s.world.nodes.indexOf(node), 1)
  await s.world.sim.run(node.discovery.close())
  await s.world.sim.run(node.endpoint.close())
  await s.world.eventually(() => s.a.peers.length === 0 && s.b.peers.length === 0, 5_000)
  expect(() => s.world.join(node, 'h')).toThrow(/closed/)
  await s.world.sim.run(membership.leave())
  await s.world.sim.run(node.bonds.close())
})

test('the same world twice has the same history', async () => {
  const run = async (): Promise<string> => {
    await using world = new BondWorld('twice')
    const nodes = await world.network(3)
    const groups = nodes.map((node) => world.join(node, 'g', { timing: FAST }))
    await world.meshed(groups)
    world.sim.breakConnection((nodes[0] as Node).endpoint, (nodes[1] as Node).endpoint)
    await world.sim.run('10s')
    return world.sim.trace.hash
  }
  expect(await run()).toBe(await run())
})
