import { systemClock } from '@mosaik/core/system'
import { expect, it } from 'vitest'
import { holdState } from '../../src/driver/held-state.ts'
import { Intake } from '../../src/driver/snapshot-intake.ts'
import { Turns } from '../../src/driver/turns.ts'
import { Shelf } from './support/shelf.ts'

const ITEMS = 200_000

/** What each turn that long work gets costs this thread, ms: a machine that is busy with something else does not count. */
class MeteredTurns extends Turns {
  readonly costs: number[] = []

  override async next(): Promise<void> {
    await super.next()
    const begun = process.threadCpuUsage()
    setImmediate(() => {
      const { user, system } = process.threadCpuUsage(begun)
      this.costs.push((user + system) / 1_000)
    })
  }

  /** How many there were so far, and the shares of what all have cost: of the one that 95 of 100 are below, and of the largest. They begin anew. */
  shares(): { readonly count: number; readonly usual: number; readonly largest: number } {
    const sorted = this.costs.splice(0).sort((a, b) => a - b)
    const all = sorted.reduce((sum, cost) => sum + cost, 0)
    return {
      count: sorted.length,
      usual: (sorted[Math.floor(0.95 * sorted.length)] as number) / all,
      largest: (sorted.at(-1) as number) / all,
    }
  }
}

/** A hundred chunks are a hundredth each. How long that takes is the machine's matter, and the garbage collector may take one of them. */
function expectSmall({ count, usual, largest }: ReturnType<MeteredTurns['shares']>): void {
  expect(count).toBeGreaterThanOrEqual(ITEMS / 2_000)
  expect(usual).toBeLessThan(0.04)
  expect(largest).toBeLessThan(0.3)
}

it('200 000 items are hashed, made again and installed without blocking the event loop', { timeout: 120_000 }, async () => {
  const shelf = new Shelf()
  for (let from = 0; from < ITEMS; from += 5_000) shelf.apply({ from, count: 5_000, text: 'x'.repeat(90) })
  const turns = new MeteredTurns(systemClock)
  const { signal } = new AbortController()
  const state = await holdState([shelf.source()], 2_000, { turns, signal })
  expect(state.count).toBe(ITEMS / 2_000)
  expectSmall(turns.shares())

  const other = new Shelf()
  const receiver = other.receiver()
  const intake = new Intake({ add: (_section, items) => receiver.add(items), commit: () => [other.source()] }, 2_000)
  for await (const chunk of state.chunks(turns)) {
    await turns.next()
    intake.add(chunk)
  }
  receiver.commit()
  expectSmall(turns.shares())
  expect(intake.commit().root).toBe(state.root)
  expect(other.size).toBe(ITEMS)
})
