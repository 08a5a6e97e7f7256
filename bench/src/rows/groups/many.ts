import { loadavg } from 'node:os'
import { pause } from '../../pause.ts'
import { memoryOf, watchCpu } from '../../processes.ts'
import type { Usage } from '../../roles/group.ts'
import type { Closed } from '../../roles/load.ts'
import { fixed, median, short } from '../../stats.ts'
import { failed, progress } from '../../table.ts'
import type { Bench, Table } from '../../table.ts'
import { goal } from './goals.ts'
import { startMembers } from './members.ts'

const COUNTS = [1, 10, 100]
const UNDER_WAY = 1_000
const WARM_MS = 1_000
const MOST_RUNS = 3
const THOUSAND = 1_000
/** After all have formed: elections, promotions and first snapshots are no idling. */
const SETTLE_MS = 10_000
const IDLE_MS = 20_000

export const manyGroups: Bench = {
  title: 'Groups: many on the same processes',
  async run({ runs: wanted, ms }) {
    const load = loadavg()[0] ?? NaN
    const runs = Math.min(wanted, MOST_RUNS)
    const all = new Map<number, number[]>(COUNTS.map((count) => [count, []]))
    for (let run = 0; run < runs; run += 1) {
      for (const count of run % 2 === 0 ? COUNTS : COUNTS.toReversed()) {
        const rate = await together(`${this.title}, ${count}`, count, ms / 2)
        all.get(count)?.push(rate)
        progress(`  ${run + 1}/${runs} ${count} groups: ${short(rate)}/s`)
      }
    }
    const rates = COUNTS.map((count) => median(all.get(count) ?? []))
    const [one = NaN, ten = NaN, hundred = NaN] = rates
    return {
      title: this.title,
      head: ['groups', 'writes/s, all together', '÷ one group'],
      rows: COUNTS.map((count, at) => [String(count), short(rates[at] ?? NaN), fixed((rates[at] ?? NaN) / one, 2)]),
      goals: [
        goal('more', 'B10 10 groups ÷ one', ten / one, [0.4, 0.8, 1]),
        goal('more', 'B10 100 groups ÷ one', hundred / one, [0.4, 0.8, 1]),
      ],
      note: `${runs} runs of ${ms / 2_000} s; ${UNDER_WAY} writes at once in all, each process calling those groups that it leads. Load before the start ${fixed(load, 2)}.`,
    }
  },
}

async function together(row: string, groups: number, ms: number): Promise<number> {
  await using members = await startMembers(row, () => ({ groups }))
  const led = await members.led()
  const round = async (length: number): Promise<number> => {
    const rates = await Promise.all(
      members.children.map(async (child, n) => {
        const concurrency = Math.round((UNDER_WAY * (led[n] ?? 0)) / groups)
        if (concurrency === 0) return 0
        child.tell({ type: 'load', what: 'write', concurrency, ms: length })
        return (await child.next<Closed>('loaded', length + 60_000)).rate
      }),
    )
    return rates.reduce((sum, rate) => sum + rate, 0)
  }
  await round(WARM_MS)
  return await round(ms)
}

/** One node among three that idle. */
interface Idle {
  readonly formed: number
  /** Share of a core, by node. */
  readonly cpu: readonly number[]
  readonly rss: number
  readonly heap: number
  readonly bytes: number
  readonly heartbeats: number
}

export const thousandGroups: Bench = {
  title: 'Groups: a thousand that idle',
  async run() {
    const load = loadavg()[0] ?? NaN
    const rows: string[][] = []
    const all = new Map<number, Idle>()
    for (const count of [1, THOUSAND]) {
      try {
        const idle = await idling(`${this.title}, ${count}`, count)
        all.set(count, idle)
        rows.push([
          String(count),
          fixed(idle.formed, 1),
          idle.cpu.map((share) => fixed(share * 100, 2)).join(' / '),
          fixed(idle.rss / 2 ** 20, 0),
          fixed(idle.heap / 2 ** 20, 1),
          fixed(idle.heartbeats, 1),
          short(idle.bytes),
        ])
        progress(`  ${rows.at(-1)?.join('  ')}`)
      } catch (error) {
        failed(error)
      }
    }
    return idleTable(this.title, rows, all, load)
  },
}

function idleTable(title: string, rows: string[][], all: ReadonlyMap<number, Idle>, load: number): Table {
  const [one, thousand] = [all.get(1), all.get(THOUSAND)]
  const each = (of: (idle: Idle) => number): number =>
    one === undefined || thousand === undefined ? NaN : (of(thousand) - of(one)) / (THOUSAND - 1) / 1024
  return {
    title,
    head: [
      'groups on each of three nodes',
      'formed after, s',
      'CPU by node, % of a core',
      'RSS, MiB',
      'heap, MiB',
      'heartbeats/s',
      'bytes/s sent',
    ],
    rows,
    goals: [
      goal('less', 'CPU of the busiest node, % of a core', Math.max(...(thousand?.cpu ?? [NaN])) * 100, [2, 1]),
      goal('less', 'bytes/s, a thousand ÷ one', (thousand?.bytes ?? NaN) / (one?.bytes ?? NaN), [1.5, 1.1]),
      goal(
        'less',
        'heap per idle group',
        each(({ heap }) => heap),
        [],
        ' KiB',
      ),
      goal(
        'less',
        'RSS per idle group',
        each(({ rss }) => rss),
        [],
        ' KiB',
      ),
    ],
    note: `Default timing, in memory; ${IDLE_MS / 1_000} s of idling. Memory, heartbeats and bytes are the mean of the three nodes; heap is measured after a collection, RSS before. Load before the start ${fixed(load, 2)}.`,
  }
}

async function idling(row: string, groups: number): Promise<Idle> {
  await using members = await startMembers(row, () => ({ groups, consensus: { minMembers: 3 } }))
  const begun = performance.now()
  await members.led()
  const formed = (performance.now() - begun) / 1_000
  await pause(SETTLE_MS)
  const rss = mean(members.pids.map(memoryOf))
  const usage = (): Promise<Usage[]> =>
    Promise.all(members.children.map((child) => (child.tell({ type: 'usage' }), child.next<Usage>('used'))))
  const before = await usage()
  const watches = members.pids.map((pid) => watchCpu([pid]))
  await pause(IDLE_MS)
  const used = watches.map((end) => end())
  const after = await usage()
  const perSecond = (of: (one: Usage) => number): number =>
    mean(after.map((one, n) => ((of(one) - of(before[n] as Usage)) / (one.at - (before[n] as Usage).at)) * 1_000))
  return {
    formed,
    cpu: used.map(({ cpu, seconds }) => cpu / seconds),
    rss,
    heap: mean(before.map(({ heap }) => heap)),
    bytes: perSecond(({ sentBytes }) => sentBytes),
    heartbeats: perSecond(({ heartbeats }) => heartbeats),
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
