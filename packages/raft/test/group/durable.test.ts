import { mapWatch, seededPrng } from '@mosaik/core'
import { expect, it } from 'vitest'
import { fileLog } from '../../src/storage/file-log.ts'
import type { LogStore } from '../../src/storage/types.ts'
import { simGroup } from '../../src/testing/sim-group.ts'
import type { SimMember, SimPlace } from '../../src/testing/sim-group/types.ts'
import { Journal } from './world.ts'

const SEEDS = Number(process.env['GROUP_SEEDS'] ?? 12)
const FIRST = Number(process.env['GROUP_FROM'] ?? 1)
const ROUNDS = 8
const MEMBERS = 3

/** Small segments on a slow disk. */
const storage = ({ disk, endpoint }: SimPlace): LogStore =>
  fileLog('/log', { disk: disk.mount({ clock: endpoint.clock, latency: { min: 0, max: 40 } }), segmentBytes: 4096 })

/** Members with disks lose their processes or their power, any of them and all at once, in the midst of writing. */
async function play(seed: number): Promise<void> {
  const retention = { entries: seed % 2 === 0 ? 16 : 4_096 } // with and without snapshots
  const machine = (): Journal => new Journal()
  await using cluster = await simGroup({
    machine,
    members: MEMBERS,
    seed: `durable ${seed}`,
    latency: { min: 1, max: 4 },
    storage,
    retention,
  })
  const prng = seededPrng(`outages ${seed}`)
  const below = (end: number): number => Math.floor(prng.float() * end)
  const acknowledged = new Set<string>()
  const given = new Set<string>()
  let isOver = false

  const outage = async (victims: readonly SimMember<Journal>[]): Promise<void> => {
    for (const member of victims) {
      if (below(2) === 0) cluster.crash(member)
      else cluster.cutPower(member)
    }
    await cluster.pass(below(4_000))
    for (const member of victims) await cluster.restart(member)
  }
  const write = async (name: string): Promise<void> => {
    for (let i = 0; !isOver; i++) {
      const line = `${name} ${i}`
      const member = cluster.running[below(cluster.running.length)]
      if (member === undefined) {
        await cluster.pass(50)
        continue
      }
      given.add(line)
      const execute = member.group.execute(line, { timeout: '10s' }).then(
        () => acknowledged.add(line),
        () => {},
      )
      await Promise.race([execute, cluster.pass(12_000)]) // a killed node never answers
      await cluster.pass(below(60))
    }
  }
  await cluster.run(async () => {
    const writers = ['a', 'b', 'c'].map(write)
    for (let round = 0; round < ROUNDS; round++) {
      await cluster.pass(below(3_000))
      const [from, count] = [below(MEMBERS), 1 + below(MEMBERS)]
      await outage([...cluster.members, ...cluster.members].slice(from, from + count))
      await cluster.leader()
    }
    isOver = true
    await Promise.all(writers)
    await cluster.members[0]!.group.execute('the end', { timeout: '60s' })
  })

  const { machine: journal } = await cluster.converged()
  expect(new Set(journal.lines).size, 'something was applied twice').toBe(journal.lines.length)
  const kept = new Set(journal.lines)
  for (const line of acknowledged) expect(kept.has(line), `${line} was acknowledged and is lost`).toBe(true)
  for (const line of kept) expect(given.has(line) || line === 'the end').toBe(true)
  expect(acknowledged.size).toBeGreaterThan(ROUNDS)
  for (const { events } of cluster.members) expect(events.map(({ type }) => type)).not.toContain('superseded')
}

for (let seed = FIRST; seed < FIRST + SEEDS; seed++) it(`seed ${seed}`, { timeout: 60_000 }, () => play(seed))

it('who restarts from a snapshot tells its history no later than its position', async () => {
  const machine = (): Journal => new Journal()
  await using cluster = await simGroup({ machine, members: 1, seed: 'position', storage: 'durable', retention: { entries: 4 } })
  const [member] = cluster.members as [SimMember<Journal>]
  const { lineage } = await cluster.run(async () => {
    for (let i = 0; i < 20; i++) await member.group.execute(`line ${i}`)
    return member.group
  })
  await cluster.pass('1s') // until the snapshot is stored
  await cluster.restart(member)
  const { group } = member
  const told: [index: number, lineage: string | undefined][] = []
  mapWatch(group.position, ({ index }) => told.push([index, group.lineage]))
  await cluster.converged()
  expect(told.map(([index]) => index)[0]).toBe(0)
  expect(told[1]?.[0], 'it did not begin with a snapshot').toBeGreaterThan(8)
  for (const [index, of] of told) expect(of, `at ${index}`).toBe(index === 0 ? undefined : lineage)
})

it('who restarts tells what its history goes on from', async () => {
  const consensus = { preset: 'fast', recoveryTimeout: '5s' } as const
  await using cluster = await simGroup({ machine: (): Journal => new Journal(), members: 3, seed: 'ancestors', consensus })
  const kept = await cluster.add({ storage: 'durable' })
  await cluster.settled()
  const parent = kept.group.lineage
  for (const member of cluster.members) if (member !== kept) cluster.crash(member)
  await cluster.run(kept.group.execute('alone', { timeout: '1m' }))
  const { lineage } = kept.group
  expect(lineage).not.toBe(parent)
  await cluster.restart(kept)
  await cluster.settled()
  const told = kept.events.filter(({ type }) => type === 'lineage')
  expect(told).toEqual([
    { type: 'lineage', lineage: parent },
    { type: 'lineage', lineage, parent, fork: expect.any(Number) },
  ])
})
