import type { PeerId } from '@mosaik/core'
import { seededPrng } from '@mosaik/core'
import { expect, it } from 'vitest'
import { fileLog } from '../../src/storage/file-log.ts'
import type { LogStore } from '../../src/storage/types.ts'
import { GroupWorld } from './world.ts'
import type { Node } from './world.ts'

const SEEDS = Number(process.env['GROUP_SEEDS'] ?? 12)
const FIRST = Number(process.env['GROUP_FROM'] ?? 1)
const ROUNDS = 8
const MEMBERS = 3

/** Members with disks lose their processes or their power, any of them and all at once, in the midst of writing. */
async function play(seed: number): Promise<void> {
  await using world = new GroupWorld(`durable ${seed}`)
  const prng = seededPrng(`outages ${seed}`)
  const below = (end: number): number => Math.floor(prng.float() * end)
  const storage = (name: string): LogStore =>
    fileLog('/log', { disk: world.sim.disk(name).mount({ clock: world.sim.clock, latency: { min: 0, max: 40 } }), segmentBytes: 4096 })
  const retention = { entries: seed % 2 === 0 ? 16 : 4_096 } // with and without snapshots
  const names = new Map<PeerId, string>()
  const acknowledged = new Set<string>()
  const given = new Set<string>()
  let isOver = false

  for (let i = 0; i < MEMBERS; i++) names.set((await world.node({ storage: storage(`disk ${i}`), retention })).id, `disk ${i}`)
  await world.run(world.ledBySame(world.nodes))

  const outage = async (victims: readonly Node[]): Promise<void> => {
    for (const node of victims) {
      const disk = world.sim.disk(names.get(node.id) as string)
      world.crash(node)
      if (below(2) === 0) disk.killAll()
      else disk.cutPower()
    }
    await world.pass(below(4_000))
    for (const node of victims) await world.restart(node, { storage: storage(names.get(node.id) as string), retention })
  }
  const write = async (name: string): Promise<void> => {
    for (let i = 0; !isOver; i++) {
      const line = `${name} ${i}`
      const node = world.nodes[below(world.nodes.length)]
      if (node === undefined) {
        await world.pass(50)
        continue
      }
      given.add(line)
      const execute = node.group.execute(line, { timeout: '10s' }).then(
        () => acknowledged.add(line),
        () => {},
      )
      await Promise.race([execute, world.pass(12_000)]) // a killed node never answers
      await world.pass(below(60))
    }
  }
  const writers = ['a', 'b', 'c'].map(write)
  await world.run(
    (async () => {
      for (let round = 0; round < ROUNDS; round++) {
        await world.pass(below(3_000))
        const count = 1 + below(MEMBERS)
        await outage([...world.nodes].sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, count))
        await world.ledBySame(world.nodes)
      }
      isOver = true
      await Promise.all(writers)
      await world.nodes[0]!.group.execute('the end', { timeout: '60s' })
      const end = world.nodes[0]!.group.committed.value
      for (const { group } of world.nodes) await group.position.until(({ index }) => index >= end)
    })(),
  )

  const [first, ...others] = world.nodes as [Node, ...Node[]]
  for (const { journal } of others) expect(journal.lines).toEqual(first.journal.lines)
  expect(new Set(first.journal.lines).size, 'something was applied twice').toBe(first.journal.lines.length)
  const kept = new Set(first.journal.lines)
  for (const line of acknowledged) expect(kept.has(line), `${line} was acknowledged and is lost`).toBe(true)
  for (const line of kept) expect(given.has(line) || line === 'the end').toBe(true)
  expect(acknowledged.size).toBeGreaterThan(ROUNDS)
  expect(world.superseded.size).toBe(0)
}

for (let seed = FIRST; seed < FIRST + SEEDS; seed++) it(`seed ${seed}`, { timeout: 60_000 }, () => play(seed))
