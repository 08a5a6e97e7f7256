import { setTimeout as pass } from 'node:timers/promises'
import { expect, it, vi } from 'vitest'
import { assertHeld } from './held.ts'
import { ProcessGroup } from './processes.ts'
import type { MemberProcess } from './processes.ts'

const FACTOR = Number(process.env['TIME_FACTOR'] ?? 1)
// Each process loads all sources, and a machine may be busy.
vi.setConfig({ testTimeout: 120_000 * FACTOR, hookTimeout: 60_000 * FACTOR })

it('the leader is killed right after execute has returned; then all at once, in the midst of writing, and started again', async () => {
  await using group = new ProcessGroup()
  const members = await group.start(3)
  const leader = await group.leaderOf(members)
  expect(await leader.execute('first')).toBe('done')
  await leader.kill()
  const rest = members.filter((member) => member !== leader)
  for (const member of rest) expect((await member.state()).lines).toEqual(['first'])
  await group.launch(members.indexOf(leader))

  const fates = new Map<string, string>([['first', 'done']])
  const writers: readonly MemberProcess[] = [...group.members]
  const written = writers.map((member, i) =>
    Array.from({ length: 100 }, async (_, n) => void fates.set(`${i}.${n}`, await member.execute(`${i}.${n}`))),
  )
  await Promise.all(written.map((each) => Promise.any(each)))
  await Promise.all(writers.map((member) => member.kill()))
  await Promise.all(written.flat())

  await Promise.all([0, 1, 2].map((i) => group.launch(i)))
  fates.set('after', await (group.members[0] as MemberProcess).execute('after'))
  expect(fates.get('after')).toBe('done')
  expect([...fates.values()].filter((fate) => fate === 'done').length).toBeGreaterThan(3)
  const states = await Promise.all(group.members.map(async (member) => (await member.state()).lines ?? []))
  assertHeld(states, fates)
})

it('a follower is stopped for ten seconds and goes on: the same leader, nothing lost', async () => {
  // A busy machine must not pass for a dead leader.
  await using group = new ProcessGroup({ consensus: { electionTimeout: '3s' } })
  const members = await group.start(3)
  const leader = await group.leaderOf(members)
  const { term } = await leader.state()
  const sleeper = members.find((member) => member !== leader) as MemberProcess
  sleeper.child.kill('SIGSTOP')
  try {
    for (let i = 0; i < 10; i++) {
      expect(await leader.execute(`line ${i}`)).toBe('done')
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
