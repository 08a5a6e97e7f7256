import { expect, it } from 'vitest'
import { drawCollectionsPlan } from '../src/collections/plan/plan.ts'
import { KINDS } from '../src/collections/plan/types.ts'
import { runCollectionsSeed } from '../src/collections/run-seed.ts'
import type { Invariant } from '../src/collections/world/probe.ts'
import { failureReport } from '../src/report.ts'

const factor = Number(process.env['TIME_FACTOR'] ?? 1)

it('tells the same story twice for one seed', { timeout: 60_000 * factor }, async () => {
  for (const seed of ['1', '2', '3', 'words work too']) {
    const { hash, events, counts } = await runCollectionsSeed(seed)
    expect(await runCollectionsSeed(seed)).toMatchObject({ hash, events, counts })
  }
})

it('draws all kinds about as often as each other, on three to six nodes, with readers and latecomers', () => {
  const plans = Array.from({ length: 600 }, (_, seed) => drawCollectionsPlan(String(seed)))
  for (const kind of KINDS) {
    const count = plans.filter(({ groups }) => groups.some((group) => group.kind === kind)).length
    expect(count, kind).toBeGreaterThan(100)
    expect(count, kind).toBeLessThan(200)
  }
  expect(new Set(plans.map(({ nodes }) => nodes.length))).toEqual(new Set([3, 4, 5, 6]))
  expect(plans.some(({ nodes }) => nodes.some(({ preference }) => preference === 'observer'))).toBe(true)
  expect(plans.some(({ nodes }) => nodes.some(({ joinAtMs }) => joinAtMs > 1_500))).toBe(true)
})

it('says what broke, and how to see it again', async () => {
  const picky: Invariant = {
    name: 'nobody-is-told',
    rule: 'silence is golden',
    watch: (_sim, fail) => ({ onTold: ({ run }, { type }) => fail(`${run.name} was told of a ${type}`) }),
  }
  const outcome = await runCollectionsSeed('7', { invariants: [picky] })
  expect(outcome.violation).toMatchObject({ invariant: 'nobody-is-told', rule: 'silence is golden' })
  expect(failureReport(outcome)).toContain('pnpm sim --world collections --seed 7 --verbose')
})
