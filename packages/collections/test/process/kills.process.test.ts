import { expect, it } from 'vitest'
import { playKills } from './kills.ts'

const FACTOR = Number(process.env['TIME_FACTOR'] ?? 1)
const SHORT = { seed: 'gate 3', period: 1_500, downtime: 500, patience: 30_000 * FACTOR, lanes: 2 } as const

// The long form is `pnpm campaign`; README.md has its results.
it.each([
  ['on disk', { inMemory: 0, seconds: 6 }],
  ['in memory', { inMemory: 5, seconds: 4 }],
] as const)(
  'members with logs %s are killed under load: each write to each collection is accounted for',
  async (_, options) => {
    const { harm, kinds } = await playKills({ ...SHORT, ...options })
    expect(harm.kills).toBeGreaterThan(0)
    for (const { acknowledged } of kinds) expect(acknowledged).toBeGreaterThan(20)
  },
  120_000 * FACTOR,
)
