import { expect, it } from 'vitest'
import { drawGroupsPlan } from '../src/groups/plan/plan.ts'
import { FAULTS } from '../src/groups/plan/types.ts'
import { runGroupsSeed } from '../src/groups/run-seed.ts'
import type { Invariant } from '../src/groups/world/register-probe.ts'
import { failureReport } from '../src/report.ts'

const factor = Number(process.env['TIME_FACTOR'] ?? 1)

it('tells the same story twice for one seed, and another one for another', { timeout: 60_000 * factor }, async () => {
  const hashes = new Set<string>()
  for (const seed of ['1', '2', '3', '4', 'words work too']) {
    const { hash, events, counts } = await runGroupsSeed(seed)
    expect(await runGroupsSeed(seed)).toMatchObject({ hash, events, counts })
    hashes.add(hash)
  }
  expect(hashes.size).toBe(5)
})

it('draws everything that it can make', () => {
  const plans = Array.from({ length: 200 }, (_, seed) => drawGroupsPlan(String(seed)))
  expect(new Set(plans.flatMap(({ faults }) => faults))).toEqual(new Set(FAULTS))
  expect(new Set(plans.map(({ storage }) => storage))).toEqual(new Set(['memory', 'durable', 'mixed']))
  expect(plans.some(({ nodes }) => nodes.some(({ preference }) => preference === 'observer'))).toBe(true)
  expect(plans.some(({ groups }) => groups.length > 1)).toBe(true)
  expect(plans.some(({ world }) => world.loss > 0.2)).toBe(true)
})

it('says what broke, what was promised, and how to see it again', async () => {
  const picky: Invariant = {
    name: 'nobody-writes',
    rule: 'silence is golden',
    watch: (_sim, fail) => ({ onApply: (run) => fail(`${run.name} has applied something`) }),
  }
  const outcome = await runGroupsSeed('7', { invariants: [picky] })
  expect(outcome.violation).toMatchObject({ invariant: 'nobody-writes', rule: 'silence is golden' })
  const report = failureReport(outcome)
  expect(report).toContain('pnpm sim --seed 7 --verbose')
  expect(report).toContain('silence is golden')
  expect(report).toMatch(/start n0/)
})
