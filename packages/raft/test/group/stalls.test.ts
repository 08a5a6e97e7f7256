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

  /** Of the costs so far, the one that so many are below; they begin anew. */
  quantile(share: number): number {
    const sorted = this.costs.splice(0).sort((a, b) => a - b)
    return sorted[Math.floor(share * sorted.length)] as number
  }
}

it('200 000 items are hashed, made again and installed without blocking the event loop', { timeout: 120_000 }, async () => {
  const shelf = new Shelf()
  for (let from = 0; from < ITEMS; from += 5_000) shelf.apply({ from, count: 5_000, text: 'x'.repeat(90) })
  const turns = new MeteredTurns(systemClock)
  const { signal } = new AbortController()
  const state = await holdState([shelf.source()], 2_000, { turns, signal })
  expect(state.count).toBe(ITEMS / 2_000)
  expect(turns.quantile(0.95)).toBeLessThan(10)

  const other = new Shelf()
  const receiver = other.receiver()
  const intake = new Intake({ add: (_section, items) => receiver.add(items), commit: () => [other.source()] }, 2_000)
  for await (const chunk of state.chunks(turns)) {
    await turns.next()
    intake.add(chunk)
  }
  receiver.commit()
  expect(turns.quantile(0.95)).toBeLessThan(10)
  expect(intake.commit().root).toBe(state.root)
  expect(other.size).toBe(ITEMS)
})
