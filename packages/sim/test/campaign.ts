import { expect, it } from 'vitest'
import { failureReport } from '../src/report.ts'
import type { WorldName } from '../src/outcome.ts'
import { WORLDS } from '../src/worlds.ts'

const CHUNK = 10
const factor = Number(process.env['TIME_FACTOR'] ?? 1)

/** Plays the seeds from `from` to `to`, a few in each test. */
export function campaign(world: WorldName, from: number, to: number): void {
  for (let first = from; first <= to; first += CHUNK) {
    const last = Math.min(to, first + CHUNK - 1)
    it(`${world}: seeds ${first} to ${last}`, { timeout: 120_000 * factor }, async () => {
      for (let seed = first; seed <= last; seed++) {
        const outcome = await WORLDS[world](String(seed))
        expect(outcome.violation, failureReport(outcome)).toBeUndefined()
      }
    })
  }
}
