import { startChild } from '../../child.ts'
import { median, short } from '../../stats.ts'
import { progress } from '../../table.ts'
import type { Bench } from '../../table.ts'
import { goal } from './goals.ts'

const BATCHES = [1, 64, 1_024]
/** Of `@coaty/consensus.raft` 1.0.0, measured likewise on two such cores: it needs sqlite3 and a broker, so it is not run here. */
const COATY = [133_000, 214_000, 134_000]
/** Published by openraft: 16 workers on an M1 Max. */
const OPENRAFT = [33_000, 912_000, 3_000_000]

export const coreAlone: Bench = {
  title: 'Groups: the core alone',
  async run({ runs, ms }) {
    const all: number[][] = []
    for (let run = 0; run < runs; run += 1) {
      const child = startChild(this.title, 'core', { batches: BATCHES, ms: ms / 2 })
      try {
        all.push((await child.next<{ rates: number[] }>('measured')).rates)
      } finally {
        await child.stop()
      }
      progress(`  ${run + 1}/${runs}: ${all.at(-1)?.map(short).join('/s  ')}/s`)
    }
    const rates = BATCHES.map((_, at) => median(all.map((one) => one[at] ?? NaN)))
    const [, many = NaN, flood = NaN] = rates
    const slowest = Math.min(...rates.map((rate, at) => rate / (COATY[at] ?? NaN)))
    return {
      title: this.title,
      head: ['three cores in one process, 256 B', 'entries/s', '@coaty/consensus.raft', 'openraft, published'],
      rows: BATCHES.map((batch, at) => [`batches of ${batch}`, ...[rates, COATY, OPENRAFT].map((each) => short(each[at] ?? NaN))]),
      goals: [
        goal('more', 'B12 ÷ coaty, the least of the three', slowest, [2, undefined, undefined]),
        goal('more', 'B12 batches of 64 ÷ coaty', many / (COATY[1] ?? NaN), [2, 5]),
        goal('more', 'B12 batches of 1024 ÷ openraft', flood / (OPENRAFT[2] ?? NaN), [undefined, undefined, 0.8]),
      ],
      note: 'Function calls for a network, a disk that is done at once. The two on the right were not run here: coaty on two such cores with sqlite3 left out, openraft as published (M1 Max, 16 workers).',
    }
  },
}
