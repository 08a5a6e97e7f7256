import { loadavg } from 'node:os'
import { startChild } from '../../child.ts'
import type { Local, LocalOptions } from '../../roles/local.ts'
import { fixed, median } from '../../stats.ts'
import { failed, progress } from '../../table.ts'
import type { Bench } from '../../table.ts'
import { goal } from '../groups/goals.ts'

const ENTRIES = 1_000_000
const MEASURE_MS = 120_000
/** CPU time varies little. */
const MAX_RUNS = 3

const OURS = 'Map, text keys'
const OURS_NUMBERS = 'Map, number keys'
const IMMUTABLE = 'immutable.Map, text keys'
const PLAIN = 'JavaScript Map, text keys'

const CONTENDERS: Readonly<Record<string, LocalOptions>> = {
  [OURS]: { what: 'collection', keys: 'text', entries: ENTRIES },
  [IMMUTABLE]: { what: 'immutable', keys: 'text', entries: ENTRIES },
  [OURS_NUMBERS]: { what: 'collection', keys: 'number', entries: ENTRIES },
  [PLAIN]: { what: 'plain', keys: 'text', entries: ENTRIES },
}

export const localCalls: Bench = {
  title: 'Collections: local reads, and what is applied',
  async run(settings) {
    const runs = Math.min(settings.runs, MAX_RUNS)
    const load = loadavg()[0] ?? NaN
    const all = new Map<string, Local[]>(Object.keys(CONTENDERS).map((name) => [name, []]))
    for (let run = 1; run <= runs; run += 1) {
      for (const [name, options] of run % 2 === 1 ? Object.entries(CONTENDERS) : Object.entries(CONTENDERS).toReversed()) {
        try {
          const local = await measure(`${this.title}, ${name}`, options)
          all.get(name)?.push(local)
          progress(`  ${run}/${runs} ${name}: ${cells((of) => of(local)).join('  ')}`)
        } catch (error) {
          failed(error)
          all.set(name, [])
        }
      }
    }
    const of = (name: string): readonly Local[] => all.get(name) ?? []
    /** How many times as fast the first is: the median over the runs side by side. */
    const ratio = (one: string, other: string, time: (local: Local) => number): number =>
      median(of(one).flatMap((local, at) => (of(other)[at] === undefined ? [] : [time(of(other)[at] as Local) / time(local)])))
    const mid = (name: string, figure: (local: Local) => number): number => median(of(name).map(figure))
    return {
      title: this.title,
      head: ['1 000 000 entries', 'get, CPU ns', 'insert, CPU ns', 'insert over another, CPU ns', 'bytes per entry, with its key'],
      rows: Object.keys(CONTENDERS).map((name) => [name, ...cells((figure) => mid(name, figure))]),
      goals: [
        goal('more', 'get ÷ immutable.Map', ratio(OURS, IMMUTABLE, getOf), [0.5]),
        goal('more', 'insert applied ÷ immutable.Map.set', ratio(OURS, IMMUTABLE, insertOf), [0.4]),
        goal('more', 'insert over another ÷ immutable.Map.set', ratio(OURS, IMMUTABLE, replaceOf), [0.4]),
        goal('more', 'get of number keys ÷ text keys', ratio(OURS_NUMBERS, OURS, getOf), [0.9]),
        goal('more', 'insert of number keys ÷ text keys', ratio(OURS_NUMBERS, OURS, insertOf), [0.9]),
        goal('less', 'memory ÷ immutable.Map', 1 / ratio(OURS, IMMUTABLE, bytesOf), []),
        goal('less', 'memory ÷ JavaScript Map', 1 / ratio(OURS, PLAIN, bytesOf), []),
      ],
      note: `Keys of 16 characters or numbers, in no order; values are small numbers, which take no memory of their own. Reads go through the handle of a node, inserts are what its machine does with a command. Each in a process of its own, ${runs} times; load before the start ${fixed(load, 2)}.`,
    }
  },
}

const getOf = ({ get }: Local): number => get
const insertOf = ({ insert }: Local): number => insert
const replaceOf = ({ replace }: Local): number => replace
const bytesOf = ({ bytes }: Local): number => bytes

const cells = (figure: (of: (local: Local) => number) => number): string[] =>
  [getOf, insertOf, replaceOf, bytesOf].map((each) => fixed(figure(each), 0))

async function measure(row: string, options: LocalOptions): Promise<Local> {
  const child = startChild(row, 'local', { ...options })
  try {
    return await child.next<Local>('measured', MEASURE_MS)
  } finally {
    await child.stop()
  }
}
