import { seededPrng } from '@mosaik/core'
import { expect, it } from 'vitest'
import { fileLog } from '../../src/storage/file-log.ts'
import { memoryLog } from '../../src/storage/memory-log.ts'
import type { JoinOptions } from '../../src/types.ts'
import { ShelfWorld } from './support/shelf.ts'
import type { ShelfNode } from './support/shelf.ts'

const SEEDS = Number(process.env['GROUP_SEEDS'] ?? 6)
const FIRST = Number(process.env['GROUP_FROM'] ?? 1)
const ROUNDS = 10
const MEMBERS = 4
const ITEMS = 600

/** Small chunks and a short log: whoever misses anything needs a snapshot, and meets whatever else goes wrong while it comes. */
async function play(seed: number): Promise<void> {
  await using world = new ShelfWorld(`snapshots ${seed}`, {
    retention: { entries: 4 },
    sync: { fetchBatchSize: 8, snapshotTtl: 400, fetchTimeout: 150, snapshotRequestTimeout: 1_000 },
  })
  const prng = seededPrng(`troubles ${seed}`)
  const below = (end: number): number => Math.floor(prng.float() * end)
  const names = new Map<string, string>()
  const storage = (name: string | undefined): Partial<JoinOptions> =>
    name === undefined
      ? { storage: memoryLog() }
      : { storage: fileLog('/log', { disk: world.sim.disk(name).mount({ clock: world.sim.clock, latency: { min: 0, max: 10 } }), segmentBytes: 4096 }) } // prettier-ignore
  for (let i = 0; i < MEMBERS; i++) {
    const name = i % 2 === 0 ? `disk ${i}` : undefined
    const node = await world.node(storage(name))
    if (name !== undefined) names.set(node.id, name)
  }
  await world.until(() => world.leader !== undefined, 'there is a leader')
  await world.write(0, ITEMS)

  let [given, isOver] = [0, false]
  const acknowledged = new Set<number>()
  const writing = (async () => {
    for (; !isOver; await world.pass(10 + below(30))) {
      const node = world.nodes[below(world.nodes.length)]
      if (node === undefined) continue
      const number = given++
      const done = node.group.execute({ from: below(ITEMS), count: 1, text: `w${number}` }, { timeout: '10s' }).then(
        () => acknowledged.add(number),
        () => {},
      )
      await Promise.race([done, world.pass(2_000)]) // who is killed never answers
    }
  })()
  const restart = async (node: ShelfNode): Promise<void> => {
    const name = names.get(node.id)
    world.crash(node)
    if (name !== undefined) {
      if (below(2) === 0) world.sim.disk(name).killAll()
      else world.sim.disk(name).cutPower()
    }
    await world.run(world.pass(below(2_500)))
    await world.run(world.restart(node, storage(name)))
  }
  for (let round = 0; round < ROUNDS; round++) {
    await world.run(world.pass(below(1_500)))
    const node = world.nodes[below(world.nodes.length)] as ShelfNode
    const what = below(4)
    if (what === 0) {
      const heal = world.sim.partition(node.endpoint)
      await world.run(world.pass(below(2_500)))
      heal()
    } else if (what === 1) await world.run(node.group.transferLeadership().catch(() => {}))
    else await restart(node)
  }
  isOver = true
  await world.run(writing)
  await world.until(() => world.leader?.group.members.value.filter(({ standing }) => standing === 'voter').length === 3, 'three vote')
  await world.run(world.leader!.group.execute({ from: 0, count: 1, text: 'the end' }))
  await world.same()
  expect(acknowledged.size).toBeGreaterThan(ROUNDS)
  expect(world.nodes.some(({ shelf }) => shelf.installed.length > 0)).toBe(true)
}

for (let seed = FIRST; seed < FIRST + SEEDS; seed++) it(`seed ${seed}`, { timeout: 60_000 }, () => play(seed))
