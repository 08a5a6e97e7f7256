import { loadavg } from 'node:os'
import { startChild } from '../child.ts'
import type { Child } from '../child.ts'
import { watchCpu } from '../processes.ts'
import type { Moment, Seen, Taken } from '../roles/market.ts'
import { fixed, median, quantile, short } from '../stats.ts'
import { failed, progress } from '../table.ts'
import type { Bench, Settings, Table } from '../table.ts'
import { contenders } from './groups/contenders.ts'
import type { Contender } from './groups/contenders.ts'
import { closed } from './groups/measure.ts'

/** NaN where there is no figure. Rates are per second. */
interface Figures {
  readonly instructions: number
  readonly fills: number
  readonly p50: number
  readonly p99: number
  /** CPU microseconds per instruction, all processes. */
  readonly cpu: number
}

type Measure = (row: string, settings: Settings) => Promise<Figures>

const MATCHERS = 3
const WARM_MS = 2_000
const SPARE_SECONDS = 10
const FORMATION_MS = 120_000
const ENGINE_MS = 300_000
const ANSWER_MS = 30_000
/** What the simple engine takes in some seconds; it gets slower as the book grows. */
const SIMPLE = 50_000
const MANY = 1_000_000
const NONE = { instructions: NaN, fills: NaN, p50: NaN, p99: NaN, cpu: NaN }

const ROWS: Readonly<Record<string, Measure>> = {
  'market, as fast as it takes them': (row, settings) => market(row, settings),
  'market, 10 000 a second': (row, settings) => market(row, settings, 10_000),
  'market, 1 000 a second': (row, settings) => market(row, settings, 1_000),
  'one process, the simple engine of the tests': (row) => engine(row, 'simple', SIMPLE),
  'one process, the machine of the matchers': (row) => engine(row, 'machine', MANY),
  'group, raw commands of 1 000 instructions, 8 at once': (row, settings) => raw(row, settings, 'batch', 8, 1_000),
  'group, raw commands of 256 B, 1 024 at once': (row, settings) => raw(row, settings, 'write', 1_024, 1),
}

export const orderBook: Bench = {
  title: 'Order book: from trader to observer',
  async run(settings) {
    const load = loadavg()[0] ?? NaN
    const rows: string[][] = []
    for (const [name, measure] of Object.entries(ROWS)) {
      const figures: Figures[] = []
      for (let run = 1; run <= settings.runs; run += 1) {
        try {
          figures.push(await measure(`${this.title}, ${name}`, settings))
          progress(`  ${run}/${settings.runs} ${name}: ${cells(figures.slice(-1)).join('  ')}`)
        } catch (error) {
          failed(error)
        }
      }
      rows.push([name, ...cells(figures)])
    }
    return table(this.title, rows, load)
  },
}

function cells(figures: readonly Figures[]): string[] {
  const mid = (of: (one: Figures) => number): number => median(figures.map(of))
  return [
    short(mid(({ instructions }) => instructions)),
    short(mid(({ fills }) => fills)),
    fixed(mid(({ p50 }) => p50), 2), // prettier-ignore
    fixed(mid(({ p99 }) => p99), 2), // prettier-ignore
    fixed(mid(({ cpu }) => cpu), 1), // prettier-ignore
  ]
}

function table(title: string, rows: readonly (readonly string[])[], load: number): Table {
  return {
    title,
    head: ['', 'instructions/s', 'fills/s', 'sent → fill seen, p50 ms', 'p99 ms', 'CPU µs/instruction, all'],
    rows,
    note: `Load before the start: ${fixed(load, 2)}.`,
  }
}

/** Three matchers, an observer and a trader, each a process. */
async function market(row: string, { ms }: Settings, rate?: number): Promise<Figures> {
  const flow = rate === undefined ? { instructions: MANY } : { rate, instructions: rate * ((WARM_MS + ms) / 1_000 + SPARE_SECONDS) }
  const children: Child[] = []
  const start = async (part: string, bootstrap: readonly string[]): Promise<readonly string[]> => {
    const child = startChild(row, 'market', { part, bootstrap, ...(part === 'trader' && flow) })
    children.push(child)
    return (await child.next<{ addresses: readonly string[] }>('listening')).addresses
  }
  try {
    const bootstrap = await start('matcher', [])
    for (let n = 1; n < MATCHERS; n += 1) await start('matcher', bootstrap)
    await Promise.all(children.map(untilAllVote))
    for (const part of ['observer', 'trader']) await start(part, bootstrap)
    const [observer, trader] = children.slice(MATCHERS) as [Child, Child]
    await untilFlowing(trader)
    await new Promise((resolve) => setTimeout(resolve, WARM_MS))
    const used = watchCpu(children.map(({ pid }) => pid))
    for (const child of [observer, trader]) child.tell({ type: 'measure', ms })
    const [seen, taken] = await Promise.all([observer.next<Seen>('seen', ms + ANSWER_MS), trader.next<Taken>('taken', ms + ANSWER_MS)])
    const { cpu, seconds } = used()
    return {
      instructions: taken.rate,
      fills: seen.fills / seen.seconds,
      ...(await latencies(trader, seen.moments)),
      cpu: (cpu / (taken.rate * seconds)) * 1e6,
    }
  } finally {
    await Promise.all(children.map((child) => child.stop()))
  }
}

async function untilAllVote(matcher: Child): Promise<void> {
  while ((await matcher.next<{ voters: number }>('status', FORMATION_MS)).voters < MATCHERS);
}

async function untilFlowing(trader: Child): Promise<void> {
  while ((await trader.next<{ acknowledged: number }>('status', FORMATION_MS)).acknowledged === 0);
}

/** From the moment at which an order was sent to that at which its first fill was seen. */
async function latencies(trader: Child, seen: readonly Moment[]): Promise<{ readonly p50: number; readonly p99: number }> {
  trader.tell({ type: 'when', orders: seen.map(([order]) => order) })
  const sent = await trader.next<{ at: readonly number[] }>('sent')
  const took = Float64Array.from(seen, ([, at], i) => at - (sent.at[i] ?? NaN)).sort()
  return { p50: quantile(took, 0.5), p99: quantile(took, 0.99) }
}

async function engine(row: string, name: 'simple' | 'machine', instructions: number): Promise<Figures> {
  const child = startChild(row, 'engine', { engine: name, instructions })
  try {
    const { rate } = await child.next<{ rate: number }>('done', ENGINE_MS)
    return { ...NONE, instructions: rate }
  } finally {
    await child.stop()
  }
}

/** A group whose machine looks into nothing: what its members' consensus alone takes. */
async function raw(row: string, { ms }: Settings, what: 'write' | 'batch', concurrency: number, each: number): Promise<Figures> {
  const [start] = Object.values(contenders('memory'))
  await using running = await (start as Contender)(row)
  const { rate, p50, p99, cpu } = await closed(running, { name: '', what, at: 'leader', concurrency }, ms)
  return { ...NONE, instructions: rate * each, p50, p99, cpu: cpu / each }
}
