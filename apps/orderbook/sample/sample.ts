import { CSV_HEADER, csvLine } from '../src/orders/csv.ts'
import { flow } from '../src/orders/flow.ts'
import type { FlowOptions } from '../src/orders/flow.ts'

/** Stated in README.md, too. */
export const SAMPLE = {
  seed: 'mosaik orderbook sample 1',
  traders: Array.from({ length: 24 }, (_, i) => `trader-${String(i + 1).padStart(2, '0')}`),
  pairs: ['APPLE/EUR', 'PEAR/EUR', 'PLUM/EUR', 'APPLE/PEAR'],
} satisfies FlowOptions

export const SAMPLE_INSTRUCTIONS = 24_000

/** The text of orders.csv. */
export function sampleText(): string {
  const lines = flow(SAMPLE)
    .take(SAMPLE_INSTRUCTIONS)
    .map(({ instruction }) => csvLine(instruction))
  return [CSV_HEADER, ...lines, ''].join('\n')
}
