import { expect, it } from 'vitest'
import { playKills } from './kills.ts'

const FACTOR = Number(process.env['TIME_FACTOR'] ?? 1)
const SHORT = { downtime: 300, between: 100, patience: 60_000 * FACTOR, retention: 64 } as const

// The long form is `pnpm campaign`; README.md has its results.
it.each([
  ['any', 5],
  ['leader', 4],
] as const)(
  'members are killed under load, %s: all that was acknowledged is there, once',
  async (victims, kills) => {
    const result = await playKills({ seed: 'gate', victims, kills, ...SHORT })
    expect(result.acknowledged).toBeGreaterThan(kills * 5)
  },
  90_000 * FACTOR,
)
