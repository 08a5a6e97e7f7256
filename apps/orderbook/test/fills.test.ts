import { seededPrng } from '@mosaik/core'
import { describe, expect, it } from 'vitest'
import type { Instruction } from '../src/market/types.ts'
import { readOrders } from '../src/orders/read-orders.ts'
import { SAMPLE_INSTRUCTIONS } from '../sample/sample.ts'
import { RandomFlow } from './random-flow.ts'
import { Twin } from './twin.ts'

/** A few ways through the same market: alone or in batches, without a break or from state to state. */
function play(instructions: readonly Instruction[], flow: RandomFlow, { batch = 1, reinstalls = 0 } = {}): Twin {
  const twin = new Twin()
  for (let i = 0; i < instructions.length;) {
    const size = 1 + flow.below(batch)
    twin.apply(instructions.slice(i, i + size))
    if (flow.below(100) < reinstalls) twin.reinstall()
    i += size
  }
  twin.compare()
  return twin
}

describe('fill by fill, as the simple engine has it', () => {
  it('the sample', async () => {
    const instructions: Instruction[] = []
    for await (const { instruction } of readOrders(new URL('../sample/orders.csv', import.meta.url).pathname))
      instructions.push(instruction)
    expect(instructions).toHaveLength(SAMPLE_INSTRUCTIONS)
    const { fills, book } = play(instructions, new RandomFlow(seededPrng('batches')), { batch: 500 })
    expect(fills).toHaveLength(12_919)
    const counts = { orders: 20_205, ordersFilled: 13_366, ordersCancelled: 1_954, ordersOpen: 4_885, rejected: 1_841 } // as its README says
    expect(book.read({ type: 'totals' })).toMatchObject({ ...counts, duplicates: 0, gaps: 0, instructions: SAMPLE_INSTRUCTIONS })
  })

  it.each([
    { way: 'one by one' },
    { way: 'in batches', batch: 40 },
    { way: 'from state to state', batch: 10, reinstalls: 10 },
    { way: 'with what comes twice and too early', batch: 20, reinstalls: 5, faults: 8 },
  ])('50 random flows, $way', ({ way, faults = 0, ...options }) => {
    let [partial, cancelled, ignored] = [0, 0, 0]
    for (let seed = 1; seed <= 50; seed++) {
      const flow = new RandomFlow(seededPrng(`${way} ${seed}`))
      const { book, fills } = play(flow.instructions(400, faults), flow, options)
      const { ordersCancelled, ordersFilled, duplicates, gaps } = book.read({ type: 'totals' })
      cancelled += ordersCancelled
      partial += 2 * fills.length - ordersFilled
      ignored += Math.min(duplicates, gaps)
    }
    expect(Math.min(partial, cancelled), 'the flows have what they are for').toBeGreaterThan(1_000)
    expect(ignored > 1_000).toBe(faults > 0)
  })
})
