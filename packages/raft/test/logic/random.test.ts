import { expect, test } from 'vitest'
import { campaignOf } from './random.ts'

// More of them: RAFT_SEEDS=5000 RAFT_FIRST_SEED=1000
const seeds = Number(process.env['RAFT_SEEDS'] ?? 100)
const first = Number(process.env['RAFT_FIRST_SEED'] ?? 1)

test(`${seeds} random histories keep every promise`, { timeout: 20_000 + seeds * 1_000 }, () => {
  const failures: string[] = []
  let acknowledged = 0
  for (let seed = first; seed < first + seeds; seed++) {
    try {
      acknowledged += campaignOf(seed, 400).acknowledged
    } catch (error) {
      failures.push(`RAFT_FIRST_SEED=${seed} RAFT_SEEDS=1: ${(error as Error).message}`)
    }
  }
  expect(failures.slice(0, 5)).toEqual([])
  expect(acknowledged).toBeGreaterThan(seeds)
})

test('one seed has one history', () => {
  expect(campaignOf(first, 200).trace).toBe(campaignOf(first, 200).trace)
})
