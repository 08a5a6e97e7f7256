import { expect, test } from 'vitest'
import { Cluster } from './cluster.ts'

test('three nodes elect a leader, which commits a command on all', () => {
  const cluster = new Cluster('first')
  cluster.found(['a', 'b', 'c'])
  cluster.tick(3_000)
  const leader = cluster.leader()
  expect(leader).toBeDefined()
  cluster.propose(leader?.name ?? '', 'x')
  cluster.stabilize()
  for (const node of cluster.live) expect(node.applied.map((each) => each.text)).toEqual(['x'])
})

test('a learner becomes a voter when the number stays odd', () => {
  const cluster = new Cluster('learner')
  cluster.found(['a'])
  cluster.tick(2_000)
  cluster.propose('a', 'x')
  cluster.stabilize()
  const voters = () => cluster.node('a').core.state.log.configuration.voters.map((voter) => voter.peerId)
  for (const [name, count] of [
    ['b', 2],
    ['c', 3],
    ['d', 3],
    ['e', 5],
    ['f', 5],
  ] as const) {
    cluster.add(name)
    cluster.tick(1_000)
    expect(voters().length).toBe(count)
    expect(cluster.node(name).applied.map((each) => each.text)).toEqual(['x'])
  }
})
