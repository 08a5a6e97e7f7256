import { beforeEach, expect, test } from 'vitest'
import type { PeerId } from '@mosaik/core'
import { mayRest } from '../../src/logic/idle.ts'
import { Cluster } from './cluster.ts'

let cluster: Cluster
let packets = 0

beforeEach(() => {
  cluster = new Cluster('idle')
  cluster.tellsHeard = true
  cluster.found(['a', 'b', 'c'])
  cluster.tick(5_000)
  const transmit = cluster.transmit.bind(cluster)
  packets = 0
  cluster.transmit = (packet) => {
    packets++
    transmit(packet)
  }
})

test('a group in which nothing happens sends nothing, and keeps its leader', () => {
  const leader = cluster.leader()
  cluster.tick(60_000)
  expect(packets).toBe(0)
  expect(cluster.leader()).toBe(leader)
  expect(cluster.live.map((node) => node.core.state.leader)).toEqual([leader?.name, leader?.name, leader?.name])
})

test('a command wakes it, and it falls asleep again', () => {
  cluster.propose(cluster.leader()?.name ?? '', 'x')
  cluster.tick(1_000)
  for (const node of cluster.live) expect(node.applied.length).toBe(1)
  packets = 0
  cluster.tick(10_000)
  expect(packets).toBe(0)
})

test('a read wakes it and is answered', () => {
  const follower = cluster.live.find((node) => node.core.state.role === 'follower')
  cluster.step(follower ?? cluster.node('a'), { type: 'read', id: 7 })
  cluster.tick(1_000)
  expect(follower?.events.some((event) => event.type === 'read-ready' && event.id === 7)).toBe(true)
})

test('a leader that falls silent with its node is replaced within two election timeouts', () => {
  const former = cluster.leader()?.name ?? ''
  for (const name of ['a', 'b', 'c']) if (name !== former) cluster.blocked.add(`${former}>${name}`)
  cluster.tick(3_000)
  expect(cluster.live.filter((node) => node.core.state.role === 'leader' && node.name !== former).length).toBe(1)
})

test('a leader whose followers have fallen silent steps down', () => {
  const leader = cluster.leader()?.name ?? ''
  for (const name of ['a', 'b', 'c']) if (name !== leader) cluster.blocked.add(`${name}>${leader}`).add(`${leader}>${name}`)
  cluster.tick(1_500)
  expect(cluster.node(leader).core.state.leader).toBeUndefined()
})

test('a bond that ends and comes back wakes it', () => {
  const leader = cluster.leader()?.name ?? ''
  const other = ['a', 'b', 'c'].find((name) => name !== leader) ?? ''
  cluster.unbond(leader, other)
  cluster.tick(500)
  cluster.bond(leader, other)
  cluster.tick(5_000)
  expect(cluster.node(other).core.state.leader).toBe(leader)
  packets = 0
  cluster.tick(10_000)
  expect(packets).toBe(0)
})

test('a member may rest while those it depends on are heard, and nothing of its own waits', () => {
  const leader = cluster.leader() ?? cluster.node('a')
  const [one, other] = cluster.live.filter((node) => node !== leader) as [typeof leader, typeof leader]
  const heard = (...ages: [string, number][]): ReadonlyMap<PeerId, number> => new Map(ages as [PeerId, number][])
  expect(mayRest(leader.core.state, heard([one.name, 10], [other.name, 40]), 50)).toBe(true)
  expect(mayRest(leader.core.state, heard([one.name, 10], [other.name, 60]), 50)).toBe(false)
  expect(mayRest(leader.core.state, heard([one.name, 10]), 50)).toBe(false)
  expect(mayRest(one.core.state, heard([leader.name, 10]), 50)).toBe(true)
  expect(mayRest(one.core.state, heard([leader.name, 60], [other.name, 0]), 50)).toBe(false)
  cluster.step(one, { type: 'read', id: 7 })
  expect(mayRest(one.core.state, heard([leader.name, 10]), 50)).toBe(false)
  cluster.step(other, { type: 'close' })
  expect(mayRest(other.core.state, heard([leader.name, 10]), 50)).toBe(false)
})
