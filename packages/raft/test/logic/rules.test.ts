import { seededPrng, uniqueId } from '@mosaik/core'
import type { PeerId } from '@mosaik/core'
import { expect, test } from 'vitest'
import { createCore } from '../../src/logic/core.ts'
import type { Effect } from '../../src/logic/effects.ts'
import type { EntryData } from '../../src/logic/entry.ts'
import { Cluster, commandOf, LINEAGE } from './cluster.ts'
import type { Node } from './cluster.ts'

const NAMES = ['a', 'b', 'c']
const voters = NAMES.map((name) => ({ peerId: name as PeerId, incarnation: '1', durable: true }))
const founding: EntryData = {
  kind: 'founding',
  lineage: LINEAGE,
  founder: { peerId: 'a' as PeerId, incarnation: '1' },
  configuration: { voters },
}

function clusterWith(entries: readonly EntryData[], term: number): Cluster {
  const cluster = new Cluster('rules')
  for (const name of NAMES) {
    cluster.add(
      name,
      { timing: { bootstrapDelay: Infinity } },
      {
        hardState: { lineage: { id: LINEAGE }, term, vote: undefined, commit: 1 },
        snapshot: undefined,
        first: 1,
        entries: entries.map((data, i) => ({ index: i + 1, term: i + 1, data })),
      },
    )
  }
  return cluster
}

function textsOf(node: Node): string[] {
  return node.applied.map((each) => each.text)
}

test('a yield that an earlier leader wrote is committed by the next one, and nothing behind it', () => {
  const other = uniqueId('the other lineage')
  const cluster = clusterWith([founding, { kind: 'yield', to: other }], 2)
  cluster.tick(4_000)
  const ended = cluster.live.filter((node) => node.core.state.halted !== undefined)
  expect(ended.length).toBeGreaterThanOrEqual(2)
  for (const node of ended) {
    expect(node.core.state.commit).toBe(2)
    expect(node.events.find((event) => event.type === 'superseded')).toMatchObject({ lineage: LINEAGE, by: other, committed: 2 })
  }
  for (const node of cluster.live) expect(node.core.state.commit).toBeLessThanOrEqual(2)
})

test('what comes behind a refused proposal of its session is refused too, until that session begins again', () => {
  const cluster = new Cluster('order')
  cluster.found(['a', 'b'], { limits: { uncommittedEntries: 3 } })
  cluster.tick(4_000)
  const leader = cluster.leader() as Node
  const follower = cluster.live.find((node) => node !== leader) as Node
  const told: string[] = []
  cluster.watch = (node, effect) => {
    if (node === follower && (effect.type === 'accepted' || effect.type === 'refused')) told.push(`${effect.id} ${effect.type}`)
  }
  const forward = (ids: readonly number[], again = false, session = 'mine'): void => {
    const proposals = ids.map((id, i) => {
      const data = { ...commandOf(`${session} ${id}`), session, number: id }
      return { id, data, ...(again && i === 0 && { again: true as const }) }
    })
    cluster.step(follower, { type: 'propose', proposals })
  }
  // The leader may have three entries that are not committed; the others were on their way already when it refuses the fourth.
  cluster.blocked.add(`${leader.name}>${follower.name}`)
  forward([1, 2, 3, 4, 5])
  cluster.stabilize()
  cluster.blocked.clear()
  cluster.tick(1_000)
  forward([6, 7])
  forward([1], false, 'other')
  cluster.tick(1_000)
  expect(textsOf(leader)).toEqual(['mine 1', 'mine 2', 'mine 3', 'other 1'])
  forward([4, 5, 6], true)
  forward([7])
  cluster.tick(1_000)
  expect(textsOf(leader)).toEqual(['mine 1', 'mine 2', 'mine 3', 'other 1', 'mine 4', 'mine 5', 'mine 6'])
  forward([7], true)
  cluster.tick(1_000)
  expect(textsOf(leader).at(-1)).toBe('mine 7')
  expect(told).toContain('6 refused')
})

test('a strong read waits until the machine here has applied its position', () => {
  const cluster = clusterWith([founding], 1)
  cluster.tick(4_000)
  const leader = cluster.leader() as Node
  const follower = cluster.live.find((node) => node !== leader) as Node
  const run = cluster.run.bind(cluster)
  const late: Effect[] = []
  cluster.run = (node, effect) => (node === follower && effect.type === 'apply' ? void late.push(effect) : run(node, effect))
  cluster.propose(leader.name, 'x')
  cluster.stabilize()
  cluster.step(follower, { type: 'read', id: 1 })
  cluster.tick(500)
  const isReady = (): boolean => follower.events.some((event) => event.type === 'read-ready')
  expect(isReady()).toBe(false)
  for (const effect of late) run(follower, effect)
  expect(isReady()).toBe(true)
})

test('a read that the leader does not answer is asked again after the query timeout, not before', () => {
  const cluster = new Cluster('query timeout')
  cluster.found(NAMES, { timing: { queryTimeout: 700 } })
  cluster.tick(4_000)
  const leader = cluster.leader() as Node
  const follower = cluster.live.find((node) => node !== leader) as Node
  let asked = 0
  const transmit = cluster.transmit.bind(cluster)
  cluster.transmit = (packet) => {
    if (packet.message.type !== 'read') return transmit(packet)
    asked++ // and is lost
    if (asked === 2) transmit(packet)
  }
  const isReady = (): boolean => follower.events.some((event) => event.type === 'read-ready')
  cluster.step(follower, { type: 'read', id: 1 })
  cluster.tick(650)
  expect([asked, isReady()]).toEqual([1, false])
  cluster.tick(150)
  expect([asked, isReady()]).toEqual([2, true])
})

test('a cancelled read is forgotten, and too many are refused', () => {
  const cluster = clusterWith([founding], 1)
  const [node] = cluster.live as [Node]
  cluster.step(node, { type: 'read', id: 1 })
  cluster.step(node, { type: 'cancel-read', id: 1 })
  cluster.tick(4_000)
  expect(node.events.some((event) => event.type === 'read-ready')).toBe(false)
})

test('messages of another life, of strangers and of no lineage change nothing', () => {
  const cluster = clusterWith([founding], 1)
  const [node] = cluster.live as [Node]
  const before = JSON.stringify({ ...node.core.state, peers: undefined, out: undefined, prng: undefined })
  const vote = { type: 'vote', pre: false, campaign: 99, last: { term: 99, index: 99 }, transfer: true } as const
  const from = 'b' as PeerId
  cluster.step(node, { type: 'message', from, message: { lineage: LINEAGE, term: 99, incarnation: '7', ...vote } })
  cluster.step(node, { type: 'message', from: 'x' as PeerId, message: { lineage: LINEAGE, term: 99, incarnation: '1', ...vote } })
  cluster.step(node, { type: 'message', from, message: { lineage: undefined, term: 99, incarnation: '1', ...vote } })
  cluster.step(node, { type: 'message', from, message: { lineage: uniqueId('another'), term: 99, incarnation: '1', ...vote } })
  expect(node.core.state.ignored).toBe(2)
  expect(JSON.stringify({ ...node.core.state, ignored: 0, peers: undefined, out: undefined, prng: undefined })).toBe(before)
})

test('entries of somebody who does not lead the term are not taken', () => {
  const cluster = clusterWith([founding], 1)
  cluster.tick(4_000)
  const leader = cluster.leader() as Node
  const [follower, liar] = cluster.live.filter((node) => node !== leader) as [Node, Node]
  const { term, log } = follower.core.state
  const entry = { index: log.lastIndex + 1, term, data: commandOf('a lie') }
  const message = { type: 'append', previous: log.last, entries: [entry], commit: entry.index } as const
  for (const victim of [follower, leader]) {
    cluster.step(victim, {
      type: 'message',
      from: liar.name as PeerId,
      message: { lineage: LINEAGE, term, incarnation: '1', ...message },
    })
    cluster.stabilize()
    expect(victim.applied).toEqual([])
  }
  expect(cluster.leader()).toBe(leader)
})

test('a frame commits nothing behind its own end, where the tail has not been compared', () => {
  const cluster = clusterWith([founding, commandOf('same'), commandOf('maybe another'), commandOf('maybe another')], 4)
  const [node] = cluster.live as [Node]
  const entry = { index: 2, term: 2, data: commandOf('same') }
  const frame = { type: 'append', previous: { term: 1, index: 1 }, entries: [entry], commit: 4 } as const
  cluster.step(node, { type: 'message', from: 'b' as PeerId, message: { lineage: LINEAGE, term: 5, incarnation: '1', ...frame } })
  expect(node.core.state.log.lastIndex).toBe(4)
  expect(node.core.state.commit).toBe(2)
})

test('time in which the node stood still is nobody else’s silence', () => {
  const cluster = clusterWith([founding], 1)
  cluster.tick(4_000)
  const leader = cluster.leader() as Node
  const follower = cluster.live.find((node) => node !== leader) as Node
  cluster.step(follower, { type: 'tick', elapsed: 3_600_000 })
  expect(follower.core.state.role).toBe('follower')
  expect(follower.core.state.leader).toBe(leader.name)
})

test('the same seed and events give the same effects', () => {
  const play = (): string => {
    const { options } = clusterWith([founding], 1).node('a')
    const core = createCore({ ...options, timing: { ...options.timing, bootstrapDelay: 500 } }, seededPrng(5))
    const effects: Effect[] = []
    for (let i = 0; i < 40; i++) effects.push(...core.step({ type: 'tick', elapsed: 100 }))
    return JSON.stringify(effects)
  }
  expect(play()).toBe(play())
})
