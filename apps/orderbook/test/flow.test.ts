import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { SAMPLE, SAMPLE_INSTRUCTIONS, sampleText } from '../sample/sample.ts'
import type { Cancel, Instruction } from '../src/market/types.ts'
import { flow, traderFlow } from '../src/orders/flow.ts'
import type { FlowStep } from '../src/orders/flow.ts'

const OPTIONS = { seed: 'a seed', traders: ['ann', 'bob', 'eve'], pairs: ['A/B', 'A/C'] }
const COUNT = 6_000

function steps(options: Partial<typeof OPTIONS & { interval: number }> = {}): FlowStep[] {
  return [...flow({ ...OPTIONS, ...options }).take(COUNT)]
}

/** -1 when there is none. */
function firstDifference(one: readonly FlowStep[], other: readonly FlowStep[]): number {
  return one.findIndex((step, i) => !isDeepStrictEqual(step, other[i]))
}

describe('a flow', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(firstDifference(steps(), steps())).toBe(-1)
    expect(steps({ seed: 'another' }).slice(0, 10)).not.toEqual(steps().slice(0, 10))
  })

  it('has the instructions of each trader as it would send them alone, in the order of their times', () => {
    const all = steps()
    expect(all.findIndex(({ at }, i) => at < (all[i - 1]?.at ?? 0))).toBe(-1)
    for (const trader of OPTIONS.traders) {
      const own = all.filter(({ instruction }) => instruction.trader === trader)
      expect(firstDifference(own, [...traderFlow(OPTIONS, trader).take(own.length)])).toBe(-1)
      expect(own.map(({ instruction }) => instruction.sequence)).toEqual(own.map((_, i) => i + 1))
    }
  })

  it('has the arrivals, cancels, sides and lots that its model says', () => {
    const all = steps({ interval: 50 })
    const orders = all.map(({ instruction }) => instruction).filter((instruction) => instruction.type === 'order')
    const share = (count: number, of: number): number => Math.round((100 * count) / of)
    expect(all.at(-1)?.at).toBeCloseTo((COUNT * 50) / 3, -4)
    expect(share(COUNT - orders.length, COUNT)).toBeCloseTo(16, -0.5)
    expect(share(orders.filter(({ side }) => side === 'buy').length, orders.length)).toBeCloseTo(50, -0.7)
    expect(share(orders.filter(({ pair }) => pair === 'A/B').length, orders.length)).toBeCloseTo(50, -0.7)
    const quantities = orders.map(({ quantity }) => quantity).toSorted((a, b) => a - b)
    expect([quantities[0], quantities[orders.length >> 1]]).toEqual([1, 12])
    expect(quantities.at(-1)).toBeLessThan(100)
  })

  it('cancels own orders, each once', () => {
    const isCancel = (instruction: Instruction): instruction is Cancel => instruction.type === 'cancel'
    const all = steps().map(({ instruction }) => instruction)
    const names = all.filter(isCancel).map(({ trader, order }) => `${trader} ${order}`)
    const orders = new Set(all.filter(({ type }) => type === 'order').map(({ trader, sequence }) => `${trader} ${sequence}`))
    expect(new Set(names).size).toBe(names.length)
    expect(names.filter((name) => !orders.has(name))).toEqual([])
  })

  it('refuses an interval that is none', () => {
    expect(() => steps({ interval: 0 })).toThrow(/interval is 0/)
  })
})

describe('the sample', () => {
  it('is what the script writes', () => {
    const committed = readFileSync(new URL('../sample/orders.csv', import.meta.url), 'utf8')
    expect(committed === sampleText(), 'run sample/generate.ts').toBe(true)
    expect(committed.split('\n')).toHaveLength(SAMPLE_INSTRUCTIONS + 2)
  })

  it('is described with the seed and the numbers it was made with', () => {
    const readme = readFileSync(new URL('../sample/README.md', import.meta.url), 'utf8')
    for (const fact of [`\`${SAMPLE.seed}\``, `${SAMPLE.traders.length} traders`, ...SAMPLE.pairs]) expect(readme).toContain(fact)
    expect(readme).toContain(`${String(SAMPLE_INSTRUCTIONS).replace(/(?=\d{3}$)/, ' ')} instructions`)
  })
})
