import { seededPrng } from '@mosaik/core'
import { expect, test } from 'vitest'
import type { LineageId } from '../../src/logic/types.ts'
import { Cluster } from './cluster.ts'
import type { Node, NodeOptions } from './cluster.ts'

const IN_MEMORY: NodeOptions = { durable: false, timing: { recoveryTimeout: 5_000 } }

function lineagesOf(cluster: Cluster): Set<string | undefined> {
  return new Set(cluster.live.map((node) => node.core.state.lineage?.id))
}

function votersOf(node: Node): string[] {
  return node.core.state.log.configuration.voters.map((voter) => voter.peerId)
}

function textsOf(node: Node): string[] {
  return node.applied.map((each) => each.text)
}

function start(names: readonly string[], options: NodeOptions = IN_MEMORY): Cluster {
  const cluster = new Cluster(names.join(''))
  for (const name of names) cluster.add(name, options)
  return cluster
}

test.each([
  { count: 1, voters: 1 },
  { count: 2, voters: 2 },
  { count: 3, voters: 3 },
  { count: 4, voters: 3 },
  { count: 5, voters: 5 },
  { count: 7, voters: 5 },
])('$count nodes found one lineage with $voters voters, led by the lowest peer id', ({ count, voters }) => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].slice(0, count)
  const cluster = start(names)
  cluster.tick(900)
  expect([...lineagesOf(cluster)]).toEqual([undefined])
  cluster.tick(2_000)
  expect(lineagesOf(cluster).size).toBe(1)
  expect(cluster.leader()?.name).toBe('a')
  expect(votersOf(cluster.node('a')).length).toBe(voters)
  cluster.propose(names.at(-1) ?? '', 'x')
  cluster.stabilize()
  for (const node of cluster.live) expect(textsOf(node)).toEqual(['x'])
})

test('seven that ask at different times over slow ways found one lineage soon', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const prng = seededPrng(`founding ${seed}`)
    const cluster = new Cluster(`founding ${seed}`)
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    const joinAt = new Map(names.map((name) => [name, Math.floor(prng.float() * 20)]))
    // What is on its way takes some 50 to 300 ms, and keeps its order.
    const pass = (): void => {
      for (const node of cluster.live) cluster.pass(node, 50)
      const late = new Set<string>()
      for (const packet of cluster.packets.splice(0)) {
        const way = `${packet.from}>${packet.to}`
        if (late.has(way) || prng.float() < 0.6) {
          late.add(way)
          cluster.packets.push(packet)
        } else cluster.deliver(packet)
      }
    }
    for (let i = 0; i < 20; i++) {
      for (const name of names) if (joinAt.get(name) === i) cluster.add(name, { timing: { electionTimeout: 400, bootstrapDelay: 300 } })
      pass()
    }
    let rounds = 0
    while (cluster.live.some((node) => node.core.state.lineage === undefined) && rounds < 400) {
      pass()
      rounds++
    }
    expect(rounds, `seed ${seed}: ${rounds * 50} ms and nobody has founded`).toBeLessThan(200)
  }
})

test('founding waits for minMembers', () => {
  const cluster = start(['a', 'b'], { ...IN_MEMORY, minMembers: 3 })
  cluster.tick(10_000)
  expect([...lineagesOf(cluster)]).toEqual([undefined])
  cluster.add('c', { ...IN_MEMORY, minMembers: 3 })
  cluster.tick(5_000)
  expect(lineagesOf(cluster)).not.toContain(undefined)
  expect(lineagesOf(cluster).size).toBe(1)
})

test('observers found nothing, and the reluctant only when nobody else is there', () => {
  const cluster = new Cluster('preferences')
  cluster.add('a', { ...IN_MEMORY, preference: 'observer' })
  cluster.add('b', { ...IN_MEMORY, preference: { reluctant: 3 } })
  cluster.tick(2_500)
  expect([...lineagesOf(cluster)]).toEqual([undefined])
  cluster.add('c', IN_MEMORY)
  cluster.tick(3_000)
  expect(cluster.leader()?.name).toBe('c')
  expect(votersOf(cluster.node('c'))).toEqual(['b', 'c'])
})

test('a silent founder is passed over', () => {
  const cluster = start(['a', 'b', 'c'])
  cluster.node('a').isUp = false
  cluster.tick(6_000)
  expect(cluster.node('b').core.state.lineage?.id).toBeDefined()
  expect(cluster.node('b').core.state.lineage?.id).toBe(cluster.node('c').core.state.lineage?.id)
})

test('survivors of an in-memory group go on as a child lineage after recoveryTimeout, not before', () => {
  const cluster = start(['a', 'b', 'c', 'd', 'e'])
  cluster.tick(3_000)
  cluster.propose('a', 'x')
  cluster.tick(500)
  const parent = cluster.node('e').core.state.lineage?.id
  for (const name of ['a', 'b', 'c']) cluster.crash(name)
  cluster.tick(4_000)
  expect(cluster.node('e').core.state.lineage?.id).toBe(parent)
  expect(cluster.leader()).toBeUndefined()
  cluster.tick(8_000)
  const { lineage } = cluster.node('e').core.state
  expect(lineage?.parent).toBe(parent)
  expect(lineagesOf(cluster).size).toBe(1)
  cluster.propose('e', 'y')
  cluster.tick(500)
  for (const node of cluster.live) expect(textsOf(node)).toEqual(['x', 'y'])
})

test('a missing durable voter is waited for', () => {
  const cluster = start(['a', 'b', 'c'], { timing: { recoveryTimeout: 2_000 } })
  cluster.tick(3_000)
  const parent = cluster.node('a').core.state.lineage?.id
  cluster.crash('b')
  cluster.crash('c')
  cluster.tick(60_000)
  expect(cluster.node('a').core.state.lineage?.id).toBe(parent)
  expect(cluster.leader()).toBeUndefined()
  cluster.restart('b', {}, true)
  cluster.tick(3_000)
  expect(cluster.leader()).toBeDefined()
  expect(cluster.node('a').core.state.lineage?.id).toBe(parent)
})

test('recovery is immediate when every missing voter is known to be gone', () => {
  const cluster = start(['a', 'b'], { durable: false, timing: { recoveryTimeout: Infinity } })
  cluster.tick(3_000)
  cluster.propose('a', 'x')
  cluster.tick(500)
  const parent = cluster.node('b').core.state.lineage?.id
  cluster.restart('a', { durable: false }, false)
  cluster.tick(6_000)
  expect(cluster.node('b').core.state.lineage?.parent).toBe(parent)
  expect(votersOf(cluster.node('b'))).toEqual(['a', 'b'])
  for (const node of cluster.live) expect(textsOf(node)).toEqual(['x'])
})

test('a writer that restarts while only readers remember gets their state', () => {
  const cluster = new Cluster('readers')
  cluster.add('w', IN_MEMORY)
  cluster.add('r', { ...IN_MEMORY, preference: 'observer' })
  cluster.add('s', { ...IN_MEMORY, preference: 'observer' })
  cluster.tick(3_000)
  cluster.propose('w', 'x')
  cluster.tick(500)
  cluster.restart('w', IN_MEMORY, false)
  cluster.tick(6_000)
  expect(cluster.leader()?.name).toBe('w')
  cluster.propose('r', 'y')
  cluster.tick(500)
  for (const node of cluster.live) expect(textsOf(node)).toEqual(['x', 'y'])
})

test('the survivor with the most advanced log decides what goes on', () => {
  const cluster = start(['a', 'b', 'c', 'd', 'e'])
  cluster.tick(3_000)
  // d is behind, e has everything; then the others die.
  cluster.blocked.add('a>d')
  for (let i = 0; i < 5; i++) cluster.propose('a', `x${i}`)
  cluster.stabilize()
  for (const name of ['a', 'b', 'c']) cluster.crash(name)
  cluster.blocked.clear()
  cluster.tick(12_000)
  for (const node of cluster.live) expect(textsOf(node)).toEqual(['x0', 'x1', 'x2', 'x3', 'x4'])
})

/** What the driver does when a lineage is lost: back as a new member, with nothing. */
function rejoin(cluster: Cluster): string[] {
  const lost: string[] = []
  for (const node of cluster.live) {
    const event = node.events.find((each) => each.type === 'superseded')
    if (event?.type !== 'superseded') continue
    for (const { data } of event.entries) {
      if (data.kind === 'commands') for (const payload of data.payloads) lost.push(`${node.name}: ${new TextDecoder().decode(payload)}`)
    }
    cluster.restart(node.name, IN_MEMORY, false)
  }
  return lost
}

function meetWith(cluster: Cluster): string[] {
  for (const a of cluster.live) for (const b of cluster.live) if (a.name < b.name) cluster.bond(a.name, b.name)
  const lost: string[] = []
  for (let i = 0; i < 100; i++) {
    cluster.tick(100)
    lost.push(...rejoin(cluster))
  }
  return lost
}

test('of two lineages the one with fewer commands yields, hands over its commands, and joins', () => {
  const cluster = new Cluster('rivals')
  for (const name of ['a', 'b']) cluster.add(name, IN_MEMORY)
  for (const name of ['c', 'd']) {
    cluster.add(name, IN_MEMORY)
    for (const other of ['a', 'b']) cluster.unbond(other, name)
  }
  cluster.tick(4_000)
  expect(lineagesOf(cluster).size).toBe(2)
  cluster.propose('a', 'x')
  cluster.propose('c', 'y1', 'y2')
  cluster.tick(500)
  expect(meetWith(cluster).sort()).toEqual(['a: x', 'b: x'])
  expect(lineagesOf(cluster).size).toBe(1)
  for (const node of cluster.live) expect(textsOf(node)).toEqual(['y1', 'y2'])
  expect(votersOf(cluster.leader() as Node).length).toBe(3)
})

test('what a lineage said of itself at a meeting outlives its log and restarts', () => {
  const options: NodeOptions = { timing: { recoveryTimeout: 5_000 }, limits: { snapshotEntries: 4, tailEntries: 1 } }
  const cluster = new Cluster('facts')
  for (const name of ['a', 'b', 'c']) {
    cluster.add(name, options)
    if (name === 'c') for (const other of ['a', 'b']) cluster.unbond(other, name)
  }
  cluster.tick(4_000)
  expect(lineagesOf(cluster).size).toBe(2)
  const { id: rival } = cluster.node('c').core.state.lineage ?? { id: undefined }
  cluster.propose('a', 'x')
  // c hears of them, and stays silent.
  cluster.blocked.add('c>a').add('c>b')
  for (const name of ['a', 'b']) cluster.bond(name, 'c')
  cluster.tick(3_000)
  const said = cluster.node('a').core.state.meeting.own.get(rival as LineageId)
  expect(said?.commands).toBe(1)
  for (const name of ['a', 'b']) cluster.unbond(name, 'c')
  for (let i = 0; i < 20; i++) cluster.propose('a', `y${i}`)
  cluster.tick(1_000)
  expect(cluster.node('a').core.state.log.first).toBeGreaterThan(said?.entries ?? Infinity)
  for (const name of ['a', 'b']) cluster.restart(name, options, true)
  cluster.unbond('a', 'c')
  cluster.unbond('b', 'c')
  cluster.tick(5_000)
  for (const name of ['a', 'b']) expect(cluster.node(name).core.state.meeting.own.get(rival as LineageId)).toEqual(said)
  // A newcomer that gets a snapshot knows it as well.
  cluster.add('d', options)
  cluster.unbond('d', 'c')
  cluster.tick(5_000)
  expect(textsOf(cluster.node('d')).at(-1)).toBe('y19')
  expect(cluster.node('d').core.state.meeting.own.get(rival as LineageId)).toEqual(said)
})

test('of two children of one parent the loser hands over what it wrote itself, not what both inherited', () => {
  const cluster = start(['a', 'b', 'c'])
  cluster.tick(3_000)
  cluster.propose('a', 'inherited')
  cluster.tick(500)
  for (const [one, other] of ['ab', 'ac', 'bc']) cluster.unbond(one as string, other as string)
  cluster.crash('c')
  cluster.tick(10_000)
  expect(lineagesOf(cluster).size).toBe(2)
  expect(new Set(['a', 'b'].map((name) => cluster.node(name).core.state.lineage?.parent)).size).toBe(1)
  cluster.propose('a', 'x1', 'x2')
  cluster.propose('b', 'y')
  cluster.tick(500)
  expect(meetWith(cluster)).toEqual(['b: y'])
  for (const node of cluster.live) expect(textsOf(node)).toEqual(['inherited', 'x1', 'x2'])
})

test('a parent that still has its quorum wins over its child, whatever the child wrote', () => {
  const cluster = start(['a', 'b', 'c', 'd', 'e'])
  cluster.tick(3_000)
  const parent = cluster.node('a').core.state.lineage?.id
  for (const one of ['a', 'b', 'c']) for (const other of ['d', 'e']) cluster.unbond(one, other)
  cluster.tick(10_000)
  expect(cluster.node('d').core.state.lineage?.parent).toBe(parent)
  cluster.propose('a', 'x')
  cluster.propose('d', 'y1', 'y2', 'y3')
  cluster.tick(500)
  const lost = meetWith(cluster)
  expect(new Set(lost)).toEqual(new Set(['d: y1', 'd: y2', 'd: y3', 'e: y1', 'e: y2', 'e: y3']))
  expect([...lineagesOf(cluster)]).toEqual([parent])
  for (const node of cluster.live) expect(textsOf(node)).toEqual(['x'])
})

test('leaving by name: leadership is handed over, the voter is removed, the rest goes on at once', () => {
  const cluster = start(['a', 'b', 'c'])
  cluster.tick(3_000)
  cluster.step(cluster.node('a'), { type: 'close' })
  cluster.tick(500)
  expect(cluster.node('a').events.some((event) => event.type === 'departed')).toBe(true)
  cluster.crash('a')
  expect(cluster.leader()).toBeDefined()
  expect(votersOf(cluster.leader() as Node)).toEqual(['b', 'c'])
})
