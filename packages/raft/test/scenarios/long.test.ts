import { createMetrics } from '@mosaik/core'
import { expect, it } from 'vitest'
import { groupKey } from '../../src/group-key.ts'
import { memoryLog } from '../../src/storage/memory-log.ts'
import type { LogStore } from '../../src/storage/types.ts'
import { metric } from '../bond/support/world.ts'
import { GroupWorld } from '../group/world.ts'

/** `GROUP_LONG=1`: a million commands, a hundred idle groups, a day. Otherwise a fortieth of it. */
const SHARE = process.env['GROUP_LONG'] === undefined ? 40 : 1
const COMMANDS = 1_000_000 / SHARE
const GROUPS = 100
const HOURS = 24 / SHARE
const BATCH = 500
const RETENTION = 64
/** Heartbeats seldom enough for a day of them. */
const consensus = { heartbeatInterval: '10s', electionTimeout: '60s', bootstrapDelay: '3s' } as const

it('many commands, a hundred idle groups, a long time: the log is bounded, heartbeats do not grow with the groups', async () => {
  const traffic = async (groups: number, commands: number): Promise<number> => {
    await using world = new GroupWorld('long')
    world.discovery = { announceInterval: '60s', purgeAfter: '10m' }
    const metrics = createMetrics()
    const stores: LogStore[] = [memoryLog(), memoryLog(), memoryLog()]
    for (const [i, storage] of stores.entries()) {
      await world.node({ consensus, storage, retention: { entries: RETENTION } }, i === 0 ? { metrics } : {})
    }
    const idle = world.nodes.flatMap(({ groups: all }) =>
      Array.from({ length: groups }, (_, i) => all.join({ key: groupKey(`idle ${i}`), consensus })),
    )
    await world.run(world.until(() => [...idle, ...world.nodes.map(({ group }) => group)].every(isWhole), 'all have formed', 600_000))
    const writer = world.nodes[0]!
    for (let done = 0; done < commands; done += BATCH) {
      await world.run(writer.group.executeMany(Array.from({ length: BATCH }, (_, i) => `${done + i}`)))
    }
    await world.sim.run('5m') // until everybody has told everybody that all is well
    const before = metric({ metrics }, 'mosaik.groups.bytes.sent')
    await world.sim.run(`${HOURS * 60}m`)
    for (const group of idle) expect(group.isOnline).toBe(true)
    await world.run(world.until(() => world.nodes.every(({ journal }) => journal.lines.length === commands), 'everybody has everything'))
    for (const { first, last } of stores) expect(last.index - first).toBeLessThan(4 * RETENTION)
    return metric({ metrics }, 'mosaik.groups.bytes.sent') - before
  }
  const one = await traffic(0, 0)
  expect(one).toBeGreaterThan(0)
  expect(await traffic(GROUPS, COMMANDS)).toBeLessThan(1.2 * one)
}, 3_600_000)

function isWhole({
  isOnline,
  members,
}: {
  readonly isOnline: boolean
  readonly members: { readonly value: { readonly length: number } }
}): boolean {
  return isOnline && members.value.length === 3
}
