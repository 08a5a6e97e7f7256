import { loadavg } from 'node:os'
import { BATCH } from '../../roles/entries.ts'
import type { StoreName } from '../../roles/stores.ts'
import { fixed, short } from '../../stats.ts'
import { failed, progress } from '../../table.ts'
import type { Bench, Settings } from '../../table.ts'
import { conditions } from '../groups/calls.ts'
import { goal } from '../groups/goals.ts'
import { closed, line, Results, WARM_MS } from '../groups/measure.ts'
import type { Case, Sample } from '../groups/measure.ts'
import { Keepers } from './keepers.ts'
import { BATCHES, write } from './writes.ts'

const RAW = 'bytes'
const WITH_BATCHES = ['Map', 'Vec', 'Set', 'PriorityQueue'] as const
const STORES: readonly StoreName[] = [RAW, ...WITH_BATCHES, 'Cell', 'Once']
const SINGLE = write(64)

const rateOf = ({ rate }: Sample): number => rate
const cpuOf = ({ cpu }: Sample): number => cpu

export const allKinds: Bench = {
  title: 'Collections: the six kinds',
  async run(settings) {
    const load = loadavg()[0] ?? NaN
    const results = await together(this.title, settings)
    const share = (store: StoreName): number => results.ratio([store, SINGLE.name], [RAW, SINGLE.name], rateOf)
    const many = (store: StoreName): number => results.mid(store, BATCHES.name, rateOf) * BATCH
    const collections = STORES.filter((store) => store !== RAW)
    return {
      title: this.title,
      head: ['three writers, QUIC, in memory', '64 at once, writes/s', 'CPU µs/write', '÷ raw', 'batches of 1000, items/s', 'CPU µs/item'],
      rows: STORES.map((store) => [
        store === RAW ? 'raw command' : store,
        short(results.mid(store, SINGLE.name, rateOf)),
        fixed(results.mid(store, SINGLE.name, cpuOf), 1),
        fixed(share(store), 2),
        short(many(store)),
        fixed(results.mid(store, BATCHES.name, cpuOf) / BATCH, 2),
      ]),
      goals: [
        goal('more', 'B8 slowest kind ÷ raw command', Math.min(...collections.map(share)), [0.7, 0.9]),
        goal('more', 'B8 batches, slowest kind', Math.min(...WITH_BATCHES.map(many)), [undefined, 3e5, 1e6], ' items/s'),
      ],
      note: `${conditions(settings, load, results)} Items of 100 B. All kinds and the raw command, which is counted, are kept by the same three processes, and take turns.`,
    }
  },
}

async function together(title: string, { runs, ms }: Settings): Promise<Results> {
  const results = new Results()
  for (let run = 1; run <= runs; run += 1) {
    try {
      await using keepers = await Keepers.start(title, STORES)
      const samples: [store: StoreName, name: string, sample: Sample][] = []
      for (const store of run % 2 === 1 ? STORES : STORES.toReversed()) {
        const cases: readonly Case[] = WITH_BATCHES.some((name) => name === store) ? [SINGLE, BATCHES] : [SINGLE]
        await closed(keepers.drive(store), SINGLE, WARM_MS)
        for (const each of cases) {
          const sample = await closed(keepers.drive(store), each, ms / 4)
          samples.push([store, each.name, sample])
          progress(`  ${run}/${runs} ${store}, ${each.name}: ${line(sample)}`)
        }
      }
      for (const sample of samples) results.add(...sample) // of a run all or none: figures of one run are compared
    } catch (error) {
      failed(error)
    }
  }
  return results
}
