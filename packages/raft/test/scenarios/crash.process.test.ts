import { setTimeout as pass } from 'node:timers/promises'
import { expect, it, vi } from 'vitest'
import { ProcessGroup } from './support/processes.ts'
import type { MemberProcess } from './support/processes.ts'

const FACTOR = Number(process.env['TIME_FACTOR'] ?? 1)
// Each process loads all sources, and a machine may be busy.
vi.setConfig({ testTimeout: 120_000 * FACTOR, hookTimeout: 60_000 * FACTOR })

/** The commands given and those acknowledged, each of which must be there once. */
function assertHeld(lines: readonly string[], acknowledged: readonly string[], given: readonly string[]): void {
  expect(new Set(lines).size, 'nothing is there twice').toBe(lines.length)
  expect(acknowledged.filter((line) => !lines.includes(line))).toEqual([])
  expect(lines.filter((line) => !given.includes(line))).toEqual([])
}

it('the leader is killed right after execute has returned; then all at once, in the midst of writing, and started again', async () => {
  await using group = new ProcessGroup()
  const members = await group.start(3)
  const leader = await group.leaderOf(members)
  const given: string[] = ['first']
  const acknowledged: string[] = ['first']
  await leader.execute('first')
  await leader.kill()
  const rest = members.filter((member) => member !== leader)
  for (const member of rest) expect((await member.state()).lines).toEqual(['first'])
  await group.launch(members.indexOf(leader))

  const writers: readonly MemberProcess[] = [...group.members]
  for (const [i, member] of writers.entries()) {
    for (let n = 0; n < 100; n++) {
      given.push(`${i}.${n}`)
      member.say(`${i}.${n}`)
    }
  }
  await Promise.all(writers.map((member) => member.that(({ done }) => done !== undefined && done !== 'first')))
  await Promise.all(writers.map((member) => member.kill()))
  acknowledged.push(...writers.flatMap((member) => member.acknowledged.filter((line) => line !== 'first')))
  expect(acknowledged.length).toBeGreaterThan(3)

  await Promise.all([0, 1, 2].map((i) => group.launch(i)))
  given.push('after')
  await (group.members[0] as MemberProcess).execute('after')
  const states = await Promise.all(group.members.map(async (member) => (await member.state()).lines ?? []))
  assertHeld(states[0] ?? [], [...acknowledged, 'after'], given)
  for (const lines of states) expect(lines).toEqual(states[0])
})

it('a follower is stopped for ten seconds and goes on: the same leader, nothing lost', async () => {
  await using group = new ProcessGroup()
  const members = await group.start(3)
  const leader = await group.leaderOf(members)
  const { term } = await leader.state()
  const sleeper = members.find((member) => member !== leader) as MemberProcess
  sleeper.child.kill('SIGSTOP')
  try {
    for (let i = 0; i < 10; i++) {
      await leader.execute(`line ${i}`)
      await pass(1_000) // the time itself is what is tested
    }
  } finally {
    sleeper.child.kill('SIGCONT')
  }
  const { lines, term: termAfter } = await sleeper.state()
  expect(lines).toEqual(Array.from({ length: 10 }, (_, i) => `line ${i}`))
  expect(termAfter).toBe(term)
  expect(await group.leaderOf(members)).toBe(leader)
})
