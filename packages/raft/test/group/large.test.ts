import { MosaikError } from '@mosaik/core'
import { describe, expect, it, vi } from 'vitest'
import { MAX_CALLS } from '../../src/driver/calls.ts'
import { simGroup } from '../../src/testing/sim-group.ts'
import { GroupWorld, Journal } from './world.ts'
import type { Node } from './world.ts'

vi.setConfig({ testTimeout: 60_000 * Number(process.env['TIME_FACTOR'] ?? 1) })

const MIB = 1024 * 1024
/** A batch as large as may be: so many of 252 encoded bytes, each with a length in front. */
const FULL_BATCH = 65_536
const TIMEOUT = { timeout: '10m' } as const

const machine = (): Journal => new Journal()

/** A line that is `bytes` long, encoded, and begins with its number. */
function line(number: number, bytes: number): string {
  const head = bytes <= 257 ? 2 : bytes <= 65_538 ? 3 : 5
  return `${number} `.padEnd(bytes - head, '.')
}

const lines = (count: number, bytes: number): string[] => Array.from({ length: count }, (_, i) => line(i, bytes))

/** Two members that vote. */
async function pair(world: GroupWorld): Promise<{ leader: Node; follower: Node }> {
  const nodes = await world.voters(2)
  const leader = await world.settled(nodes)
  return { leader, follower: nodes.find((node) => node !== leader) as Node }
}

async function executeAll({ group }: Node, commands: readonly string[]): Promise<void> {
  await Promise.all(commands.map((command) => group.execute(command, TIMEOUT)))
}

/** Not with `toEqual`, which prints megabytes. */
function expectLong(found: readonly string[], expected: readonly string[]): void {
  expect(found.length).toBe(expected.length)
  expect(found.findIndex((one, i) => one !== expected[i])).toBe(-1)
}

async function expectLines(world: GroupWorld, expected: readonly string[]): Promise<void> {
  expectLong(await world.sameState(world.nodes), expected)
}

describe('calls of one turn arrive whatever they are together, in order and once', () => {
  it.each([
    ['seventeen of 1 MiB', 17, MIB],
    ['forty of 1 MiB', 40, MIB],
    ['three of 16 MiB', 3, 16 * MIB],
  ])('%s, at a follower', async (what, count, bytes) => {
    await using world = new GroupWorld(what)
    const { leader, follower } = await pair(world)
    const commands = [...lines(count, bytes), 'small']
    await world.run(executeAll(follower, commands))
    await expectLines(world, commands)
    // What is on its way is not sent again and again: each command is one entry, or hardly more.
    expect(leader.group.committed.value).toBeLessThan(20 + 2 * count)
  })

  it('as many of 256 bytes as may wait, when a leader appears', async () => {
    await using world = new GroupWorld('waiting')
    await pair(world)
    const third = await world.node()
    await world.settled([...world.nodes])
    const heal = world.sim.partition(third.endpoint)
    await world.run(third.group.when.offline())
    const commands = lines(MAX_CALLS, 256)
    const calls = executeAll(third, commands)
    heal()
    const others = world.nodes.slice(0, 2).map(async ({ group }, i) => {
      for (let j = 0; j < 20; j++) await group.execute(`${i} meanwhile ${j}`, TIMEOUT)
    })
    await world.run(Promise.all([calls, ...others]))
    const found = await world.sameState(world.nodes)
    expectLong(
      found.filter((one) => !one.includes('meanwhile')),
      commands,
    )
    expect(new Set(found.filter((one) => one.includes('meanwhile'))).size).toBe(40)
    expect(found.length).toBe(commands.length + 40)
  })
})

it('what the leader cannot commit for a while may be as much, and is proposed again', async () => {
  const consensus = { preset: 'fast', electionTimeout: '5s', forwardTimeout: '100ms' } as const
  await using cluster = await simGroup({ machine, members: 3, observers: 1, seed: 'again', consensus })
  const leader = await cluster.leader()
  const observer = cluster.members[3]!
  const heal = cluster.partition(
    leader,
    cluster.members.filter((member) => member !== leader && member !== observer),
  )
  const commands = lines(24, MIB)
  const calls = Promise.all(commands.map((command) => observer.group.execute(command, TIMEOUT)))
  await cluster.pass('1s')
  heal()
  await cluster.run(calls)
  expectLong((await cluster.converged()).machine.lines, commands)
})

it('more than a write of the log may have, of one turn of the leader, is there after a power cut', async () => {
  await using cluster = await simGroup({ machine, members: 2, seed: 'power', storage: 'durable' })
  const { group } = await cluster.leader()
  const commands = lines(5, 16 * MIB - 1024)
  await cluster.run(Promise.all(commands.map((command) => group.execute(command, TIMEOUT))))
  for (const member of cluster.members) cluster.cutPower(member)
  for (const member of cluster.members) await cluster.restart(member)
  expectLong((await cluster.converged()).machine.lines, commands)
})

describe('a batch', () => {
  it.each(['leader', 'follower'] as const)('that just fits arrives, at the %s, as does a command of 16 MiB', async (where) => {
    await using world = new GroupWorld(`fits ${where}`)
    const { [where]: node } = await pair(world)
    const batch = lines(FULL_BATCH, 252)
    const { replies } = await world.run(node.group.executeMany(batch, TIMEOUT))
    expect([replies.length, replies.at(-1)]).toEqual([FULL_BATCH, FULL_BATCH])
    const single = line(0, 16 * MIB)
    await world.run(node.group.execute(single, TIMEOUT))
    await expectLines(world, [...batch, single])
  })

  it.each([
    ['a byte too large', () => [...lines(FULL_BATCH - 1, 252), line(FULL_BATCH, 253)]],
    ['of small commands, too large with their lengths', () => lines(100_000, 167)],
    ['of too many commands', () => new Array<string>(1_048_577).fill('')],
  ])('%s is refused, handed back, and disturbs nobody', async (_, batchOf) => {
    await using world = new GroupWorld('refused')
    const { leader, follower } = await pair(world)
    const batch = batchOf()
    for (const { group } of [leader, follower]) {
      const error = await world.run(group.executeMany(batch).catch((thrown: unknown) => thrown))
      expect(MosaikError.is(error, 'ERR_TOO_LARGE') && error.commands === batch).toBe(true)
      await world.run(group.execute('after'))
    }
    await expectLines(world, ['after', 'after'])
  })
})
