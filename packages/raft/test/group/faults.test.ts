import type { SimDisk } from '@mosaik/core/testing'
import { describe, expect, it } from 'vitest'
import { fileLog } from '../../src/storage/file-log.ts'
import type { LogStore } from '../../src/storage/types.ts'
import type { JoinOptions } from '../../src/types.ts'
import { groupKey } from '../../src/group-key.ts'
import { GroupWorld, Journal, outcome } from './world.ts'
import type { JournalGroup, Node } from './world.ts'

/** The same group on the same node, once more. */
function again(node: Node, options: Partial<JoinOptions> = {}): { readonly group: JournalGroup; readonly journal: Journal } {
  const journal = new Journal()
  return { journal, group: node.groups.join({ key: groupKey('journal'), machine: journal, consensus: 'fast', ...options }) }
}

async function failureOf(world: GroupWorld, node: Node): Promise<unknown> {
  await world.until(() => node.told.some(({ type }) => type === 'failed'), 'the group has failed there')
  const failed = node.told.find((event) => event.type === 'failed')
  return failed?.error
}

it('a machine that throws on one node ends the group there, with a typed error; it can be joined again', async () => {
  await using world = new GroupWorld('throws')
  const nodes = await world.voters(3)
  const leader = await world.run(world.settled(nodes))
  const [broken, other] = nodes.filter((node) => node !== leader) as [Node, Node]
  broken.journal.apply = () => {
    throw new Error('no memory')
  }
  const waiting = broken.group.execute('of the broken one')
  await world.run(outcome(waiting)).then((code) => expect(code).toBe('ERR_GROUP_FAILED'))
  expect(await world.run(failureOf(world, broken))).toMatchObject({
    code: 'ERR_GROUP_FAILED',
    message: expect.stringContaining('no memory'),
  })
  for (const node of [leader, other]) await world.run(node.group.execute(`of ${node.id}`))
  expect(await world.run(outcome(broken.group.execute('more')))).toBe('ERR_GROUP_FAILED')

  const { group, journal } = again(broken)
  await world.run(group.execute('again'))
  expect(journal.lines).toEqual(['of the broken one', `of ${leader.id}`, `of ${other.id}`, 'again'])
  await world.until(() => leader.journal.lines.length === 4, 'everybody has it')
  expect(other.told.filter(({ type }) => type === 'failed')).toEqual([])
})

describe.each(['leader', 'follower'] as const)('the disk of a %s', (role) => {
  const calls = [1, 2, 3, 4, 6, 9]
  it.each(calls.flatMap((call) => (['ENOSPC', 'EIO'] as const).map((error) => ({ call, error }))))(
    'fails at call $call with $error: ERR_STORAGE there, the rest goes on, and it can be joined again',
    async ({ call, error }) => {
      await using world = new GroupWorld(`disk ${role} ${call} ${error}`)
      const disks = new Map<Node, SimDisk>()
      const options = (disk: SimDisk): { storage: LogStore; retention: { entries: number } } => ({
        storage: fileLog('/log', { disk: disk.mount({ clock: world.sim.clock }), segmentBytes: 4096 }),
        retention: { entries: 8 },
      })
      for (let i = 0; i < 3; i++) disks.set(await world.node(options(world.sim.disk(`${i}`))), world.sim.disk(`${i}`))
      const nodes = [...disks.keys()]
      const leader = await world.run(world.settled(nodes))
      const victim = role === 'leader' ? leader : (nodes.find((node) => node !== leader) as Node)
      const others = nodes.filter((node) => node !== victim)
      const disk = disks.get(victim) as SimDisk
      const acknowledged: string[] = []
      const write = async (node: Node, line: string): Promise<void> => {
        await node.group.execute(line, { timeout: '5s' })
        acknowledged.push(line)
      }
      for (let i = 0; i < 20; i++) await world.run(write(nodes[i % 3]!, `before ${i}`))

      disk.plan({ call, error })
      const during = nodes.flatMap((node) => Array.from({ length: 20 }, (_, i) => outcome(write(node, `during ${i} of ${node.id}`))))
      expect(await world.run(failureOf(world, victim))).toMatchObject({ code: 'ERR_STORAGE' })
      await world.run(Promise.all(during))
      for (const node of others) await world.run(write(node, `after of ${node.id}`))
      expect(await world.run(outcome(victim.group.execute('more')))).toBe('ERR_STORAGE')
      for (const { told } of others) expect(told.filter(({ type }) => type === 'failed' || type === 'superseded')).toEqual([])

      disk.plan(undefined)
      const { group, journal } = again(victim, options(disk))
      await world.run(group.execute('again', { timeout: '20s' }))
      expect(new Set(journal.lines).size).toBe(journal.lines.length)
      for (const line of acknowledged) expect(journal.lines).toContain(line)
      await world.until(() => others.every((node) => node.journal.lines.includes('again')), 'everybody has it')
      for (const node of others) expect(node.journal.lines).toEqual(journal.lines)
    },
  )
})
