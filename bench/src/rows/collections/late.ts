import { loadavg } from 'node:os'
import { startChild } from '../../child.ts'
import type { Child } from '../../child.ts'
import { ENTRY_BYTES } from '../../roles/entries.ts'
import type { HeldUp } from '../../roles/hold-ups.ts'
import type { Read } from '../../roles/late-reader.ts'
import { now } from '../../roles/role.ts'
import { fixed, median } from '../../stats.ts'
import { failed, progress } from '../../table.ts'
import type { Bench } from '../../table.ts'
import { goal } from '../groups/goals.ts'
import { Keepers } from './keepers.ts'

const ENTRIES = 1_000_000
const MAX_RUNS = 3
const FILL_MS = 120_000
const READ_MS = 120_000

interface Late extends Read {
  /** From the start of its process until it has everything. */
  readonly seconds: number
  /** The writers' longest meanwhile. */
  readonly writers: HeldUp
}

export const lateReader: Bench = {
  title: 'Collections: a late reader',
  async run({ runs }) {
    const load = loadavg()[0] ?? NaN
    const all: Late[] = []
    for (let run = 1; run <= Math.min(runs, MAX_RUNS); run += 1) {
      try {
        all.push(await readLate(this.title))
        progress(`  ${run}/${runs}: ${cells(all.at(-1) as Late).join('  ')}`)
      } catch (error) {
        failed(error)
      }
    }
    const mid = (of: (late: Late) => number): number => median(all.map(of))
    return {
      title: this.title,
      head: [
        '1 000 000 entries of 100 B',
        's',
        'bytes ÷ canonical',
        'reader held up, ms (its own CPU)',
        'writers held up, ms (their own CPU)',
      ],
      rows: all.map((late, n) => [`run ${n + 1}`, ...cells(late)]),
      goals: [
        goal(
          'less',
          'from the start of its process',
          mid(({ seconds }) => seconds),
          [],
          ' s',
        ),
        goal('less', 'bytes moved ÷ canonical size', mid(shareOf), [1.2]),
        goal(
          'less',
          'reader held up at a time, its own CPU',
          mid(({ cpuMs }) => cpuMs),
          [10],
          ' ms',
        ),
        goal(
          'less',
          'writers held up at a time, their own CPU',
          mid(({ writers }) => writers.cpuMs),
          [10],
          ' ms',
        ),
      ],
      note: `Held up: the longest that a timer of 1 ms was late, by the clock and in CPU time of its thread; and the longest collection of garbage, by the clock. Load before the start ${fixed(load, 2)}.`,
    }
  },
}

const shareOf = ({ bytes }: Late): number => bytes / (ENTRIES * ENTRY_BYTES)

function cells(late: Late): string[] {
  const heldUp = ({ ms, cpuMs, gcMs }: HeldUp): string => `${fixed(ms, 1)} (${fixed(cpuMs, 1)}; ${fixed(gcMs, 1)})`
  return [fixed(late.seconds, 2), fixed(shareOf(late), 3), heldUp(late), heldUp(late.writers)]
}

async function readLate(row: string): Promise<Late> {
  await using keepers = await Keepers.start(row, ['Map'])
  const { leader } = keepers.drive('Map')
  leader.tell({ type: 'fill', entries: ENTRIES })
  const { version } = await leader.next<{ version: unknown }>('filled', FILL_MS)
  await Promise.all(keepers.children.map(heldUpOf)) // so far, which is forgotten
  const begun = now()
  const reader = startChild(row, 'late-reader', { bootstrap: keepers.bootstrap })
  try {
    reader.tell({ type: 'reach', version })
    const read = await reader.next<Read>('reached', READ_MS)
    if (read.size !== ENTRIES) throw new Error(`${row}: the reader has ${read.size} entries`)
    const writers = await Promise.all(keepers.children.map(heldUpOf))
    return { ...read, seconds: (read.at - begun) / 1_000, writers: longest(writers) }
  } finally {
    await reader.stop()
  }
}

function longest(all: readonly HeldUp[]): HeldUp {
  const max = (of: (heldUp: HeldUp) => number): number => Math.max(...all.map(of))
  return { ms: max(({ ms }) => ms), cpuMs: max(({ cpuMs }) => cpuMs), gcMs: max(({ gcMs }) => gcMs) }
}

async function heldUpOf(child: Child): Promise<HeldUp> {
  child.tell({ type: 'held-up' })
  return await child.next<HeldUp>('held-up')
}
