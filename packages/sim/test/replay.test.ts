import { expect, it } from 'vitest'
import { drawPlan, MAX_NODES } from '../src/network/plan/plan.ts'
import { FAULTS } from '../src/network/plan/types.ts'
import { failureReport } from '../src/report.ts'
import { runSeed } from '../src/network/run-seed.ts'
import type { Invariant } from '../src/network/world/probe.ts'

const factor = Number(process.env['TIME_FACTOR'] ?? 1)

it('tells the same story twice for one seed, and another one for another', { timeout: 60_000 * factor }, async () => {
  const hashes = new Set<string>()
  for (const seed of ['1', '2', '3', 'words work too']) {
    const { hash, events, counts } = await runSeed(seed, { nodes: 6 })
    expect(await runSeed(seed, { nodes: 6 })).toMatchObject({ hash, events, counts })
    hashes.add(hash)
  }
  expect(hashes.size).toBe(4)
})

it('draws everything that it can make', () => {
  const plans = Array.from({ length: 200 }, (_, seed) => drawPlan(String(seed)))
  expect(new Set(plans.flatMap(({ faults }) => faults))).toEqual(new Set(FAULTS))
  const producers = plans.flatMap(({ nodes }) => nodes.flatMap((node) => node.producers))
  expect(new Set(producers.map(({ lagging }) => lagging))).toEqual(new Set(['disconnect', 'drop', 'wait']))
  expect(Math.max(...plans.map(({ nodes }) => nodes.length))).toBeGreaterThan(MAX_NODES - 3)
  expect(plans.some(({ nodes }) => nodes.some(({ network }) => network === 'other'))).toBe(true)
})

it('says what broke, what was promised, and how to see it again', async () => {
  const picky: Invariant = {
    name: 'nobody-sends',
    rule: 'silence is golden',
    watch: (_sim, fail) => ({ onSend: (run) => fail(`producer ${run.id} spoke`) }),
  }
  const outcome = await runSeed('7', { invariants: [picky], nodes: 5 })
  expect(outcome.violation).toMatchObject({ invariant: 'nobody-sends', rule: 'silence is golden' })
  const report = failureReport(outcome, 5)
  expect(report).toContain('pnpm sim --world network --seed 7 --nodes 5 --verbose')
  expect(report).toContain('silence is golden')
  expect(report).toMatch(/start n0 of network main/)
  expect(outcome.wire.length).toBeGreaterThan(0)
})
