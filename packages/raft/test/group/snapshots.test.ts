import { decodeCanonical } from '@mosaik/core'
import type { Logger } from '@mosaik/core'
import { expect, it } from 'vitest'
import { fileLog } from '../../src/storage/file-log.ts'
import { memoryLog } from '../../src/storage/memory-log.ts'
import type { LogStore } from '../../src/storage/types.ts'
import { ShelfWorld } from './support/shelf.ts'
import type { ShelfNode } from './support/shelf.ts'

const BATCH = 2_000
/** On a machine with much else to do. */
const SLOW = { timeout: 120_000 }

/** Keeps warnings. */
function loggerOf(warnings: string[]): Logger {
  return { debug() {}, info() {}, warn: (...args: unknown[]) => void warnings.push(args.join(' ')), error() {} }
}

function rootIn({ snapshot }: LogStore): string {
  return (decodeCanonical(snapshot!.meta) as unknown as { snapshot: { root: string } }).snapshot.root
}

/** On its way to a node that has just come, over thin lines. */
async function late(world: ShelfWorld, bandwidth: number, store: LogStore = memoryLog()): Promise<ShelfNode> {
  const others = [...world.nodes]
  const node = await world.node({ storage: store })
  for (const { endpoint } of others) world.sim.shapePath(endpoint, node.endpoint, { bandwidth })
  return node
}

it('a learner gets 200 000 items under load, a chunk in a turn, and nobody sees a part of them', SLOW, async () => {
  await using world = new ShelfWorld('load', { retention: { entries: 20 } })
  await world.filled(3, 200_000)
  const writing = (async () => {
    for (let i = 0; i < 60; i++) await world.nodes[0]!.group.execute({ from: i * 10, count: 10, text: `again ${i}` })
  })()
  const store = memoryLog()
  const node = await late(world, 8_000_000, store)
  const seen = new Set<number>()
  let isOver = false
  const looking = (async () => {
    for (; !isOver; await world.pass(5)) seen.add(node.shelf.size)
  })()
  await world.run(writing)
  await world.until(() => node.shelf.size > 0, 'it has come')
  isOver = true
  await world.run(looking)
  await world.same()
  const [installed = 0] = node.shelf.installed
  expect([...seen].filter((size) => size !== 0 && size < installed)).toEqual([])
  expect(installed).toBeGreaterThan(100_000)
  expect(store.first).toBeGreaterThan(1)
  // One is looked at ahead.
  expect(world.mostInTurn).toBeLessThanOrEqual(BATCH + 1)
})

it('goes on from where it was when a source dies, and when the leader changes', SLOW, async () => {
  await using world = new ShelfWorld('sources')
  await world.filled(5, 60_000)
  const node = await late(world, 400_000)
  let items = 0
  node.shelf.onItem = () => items++
  await world.until(() => items > 10_000, 'it has begun')
  world.crash(world.nodes.find((each) => each !== world.leader && each !== node)!)
  await world.until(() => items > 25_000, 'it goes on')
  const leader = world.leader!
  world.crash(leader)
  await world.until(() => world.leader !== undefined && world.leader !== leader, 'there is another leader')
  expect(node.shelf.size).toBe(0)
  await world.until(() => node.shelf.size > 0, 'it has come')
  expect(node.shelf.receivers).toBe(1)
  expect(node.shelf.installed).toEqual([items])
  await world.same()
})

it('goes on from where it was when it had to give up, and the same is offered again', SLOW, async () => {
  await using world = new ShelfWorld('given up')
  await world.filled(3, 60_000)
  const warnings: string[] = []
  const others = [...world.nodes]
  const node = await world.node({}, { logger: loggerOf(warnings) })
  for (const { endpoint } of others) world.sim.shapePath(endpoint, node.endpoint, { bandwidth: 400_000 })
  let items = 0
  node.shelf.onItem = () => items++
  await world.until(() => items > 10_000, 'it has begun')
  const fails = (): never => {
    throw new Error('not now')
  }
  for (const { shelf } of others) shelf.onItem = fails
  await world.until(() => warnings.some((text) => text.includes('was not fetched')), 'it has given up')
  expect(node.shelf.size).toBe(0)
  for (const { shelf } of others) shelf.onItem = () => {}
  await world.until(() => node.shelf.size > 0, 'it has come')
  expect([node.shelf.receivers, node.shelf.installed]).toEqual([1, [items]])
  await world.same()
})

it('refuses what a source has forged, and takes it from another', SLOW, async () => {
  await using world = new ShelfWorld('forged')
  await world.filled(3, 40_000)
  const warnings: string[] = []
  for (const node of world.nodes) if (node !== world.leader) node.shelf.forged = 11_111
  const node = await world.node({}, { logger: loggerOf(warnings) })
  await world.until(() => node.shelf.size > 0, 'it has come')
  expect(warnings.filter((text) => text.includes('does not verify')).length).toBeGreaterThan(0)
  for (const { shelf } of world.nodes) shelf.forged = undefined
  await world.same()
})

it('a value that is large comes in pieces, and the same way', SLOW, async () => {
  await using world = new ShelfWorld('large')
  await world.filled(3, 100)
  const text = 'x'.repeat(1_000_000)
  for (let i = 0; i < 20; i++) await world.run(world.nodes[0]!.group.execute({ from: i, count: 1, text: i === 3 ? text : 'small' }))
  const node = await late(world, 4_000_000)
  await world.until(() => node.shelf.size > 0, 'it has come')
  await world.same()
  expect(node.shelf.pages[0]?.[3]).toBe(`${text} 3`)
})

/** With a disk of its own, whose calls take time. */
function diskOf(world: ShelfWorld, name: string): LogStore {
  return fileLog('/log', { disk: world.sim.disk(name).mount({ clock: world.sim.clock, latency: { min: 0, max: 4 } }) })
}

it('the same root everywhere: by applying, by installing, from a disk', SLOW, async () => {
  await using world = new ShelfWorld('roots')
  const stores = [0, 1, 2].map((i) => diskOf(world, `disk ${i}`))
  await world.filled(3, 30_000, (i) => ({ storage: stores[i]! }))
  stores.push(diskOf(world, 'late'))
  const node = await world.node({ storage: stores[3]! })
  await world.until(() => node.shelf.size > 0, 'it has come')
  const again = world.nodes[1]!
  world.crash(again)
  world.sim.disk('disk 1').killAll()
  stores[1] = diskOf(world, 'disk 1')
  await world.restart(again, { storage: stores[1] })
  for (let i = 0; i < 20; i++) await world.run(world.nodes[0]!.group.execute({ from: i, count: 1, text: 'more' }))
  await world.same()
  const last = (): number[] => stores.map(({ snapshot }) => snapshot?.at.index ?? 0)
  await world.until(() => new Set(last()).size === 1, 'all have stored the last snapshot')
  expect(new Set(stores.map(rootIn)).size).toBe(1)
  expect(stores[0]!.snapshot?.chunks).toBeGreaterThan(15)
})

it('power is cut while a snapshot is stored, and while one is installed', SLOW, async () => {
  for (let seed = 1; seed <= 4; seed++) {
    await using world = new ShelfWorld(`power ${seed}`)
    await world.filled(3, 20_000, (i) => ({ storage: diskOf(world, `disk ${i}`) }))
    const disk = world.sim.disk('late')
    let node = await world.node({ storage: diskOf(world, 'late') })
    let items = 0
    for (let cut = 0; cut < 4; cut++) {
      const end = items + seed * 3_000
      node.shelf.onItem = () => items++
      await world.until(() => items > end || node.shelf.size > 0, 'it is at it')
      await world.run(world.pass(seed * cut))
      world.crash(node)
      if (cut % 2 === 0) disk.cutPower()
      else disk.killAll()
      await world.write(cut, 10, `cut ${cut}`)
      node = await world.restart(node, { storage: diskOf(world, 'late') })
      await world.run(world.pass(200))
    }
    await world.until(() => node.shelf.size === 20_000, 'it is there')
    await world.same()
  }
})

it('a large state is taken less often', SLOW, async () => {
  await using world = new ShelfWorld('seldom', { sync: { fetchBatchSize: 1 } })
  const store = memoryLog()
  await world.filled(1, 640, () => ({ storage: store }))
  const taken = new Set<number>()
  const write = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      await world.run(world.nodes[0]!.group.execute({ from: i, count: 1, text: 'again' }))
      await world.run(world.pass(20)) // for ticks, and to hash it
      if (store.snapshot !== undefined) taken.add(store.snapshot.at.index)
    }
  }
  // Due after 8 entries, and, of 640 chunks, after 8 × (1 + 640 / 64).
  await write(80)
  expect(taken.size).toBe(1)
  await write(40)
  expect(taken.size).toBe(2)
})

it('who takes long gets one snapshot, and the log behind it', SLOW, async () => {
  await using world = new ShelfWorld('one is enough', { retention: { entries: 8 } })
  await world.filled(3, 60_000)
  for (let i = 0; i < 20; i++) await world.run(world.nodes[0]!.group.execute({ from: i, count: 1, text: 'before' }))
  const node = await late(world, 250_000)
  let items = 0
  node.shelf.onItem = () => items++
  await world.until(() => items > 0, 'it has begun')
  // Several snapshots are settled meanwhile, and the tail behind each is shorter than what it lacks.
  for (let i = 0; i < 45; i++) {
    await world.run(world.nodes[0]!.group.execute({ from: i, count: 1, text: `meanwhile ${i}` }))
    await world.run(world.pass(10))
  }
  expect(node.shelf.size).toBe(0)
  await world.until(() => node.shelf.size > 0, 'it has come')
  await world.same()
  expect(node.shelf.installed).toHaveLength(1)
})
