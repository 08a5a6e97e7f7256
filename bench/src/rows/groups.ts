import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild } from '../child.ts'
import type { Child } from '../child.ts'
import type { Closed } from '../roles/group.ts'
import { fixed, median, short } from '../stats.ts'
import { progress } from '../table.ts'
import type { Settings, Table } from '../table.ts'
import { echoFlow } from './flows.ts'

const QUIC = '/ip4/127.0.0.1/udp/0/quic-v1'
const FORMATION_MS = 60_000
const WARM_MS = 1_500
const MEMBERS = 3

interface Case {
  readonly name: string
  readonly what: 'write' | 'read'
  readonly at: 'leader' | 'follower'
  readonly concurrency: number
}

const CASES: readonly Case[] = [
  ...[1, 64, 1_024].map((concurrency) => ({
    name: `write, ${concurrency} at once`,
    what: 'write' as const,
    at: 'leader' as const,
    concurrency,
  })),
  { name: 'write at a follower, 1 at once', what: 'write', at: 'follower', concurrency: 1 },
  { name: 'strong read, 1 at once', what: 'read', at: 'leader', concurrency: 1 },
  { name: 'strong read, 64 at once', what: 'read', at: 'leader', concurrency: 64 },
  { name: 'strong read at a follower, 64 at once', what: 'read', at: 'follower', concurrency: 64 },
]

export const groups: { readonly title: string; run(settings: Settings): Promise<Table> } = {
  title: 'Groups of three',
  async run({ runs, ms }) {
    const results = new Map<string, Closed[]>()
    const trips: number[] = []
    for (let run = 0; run < runs; run += 1) {
      trips.push((await echoFlow(this.title, QUIC, 1_000, ms)).p50)
      for (const storage of ['memory', 'file'] as const) await measure(this.title, storage, ms, results)
    }
    const trip = median(trips)
    const rows = [...results].map(([name, all]) => {
      const p50 = median(all.map((one) => one.p50))
      return [
        name,
        short(median(all.map((one) => one.rate))),
        fixed(p50, 3),
        fixed(median(all.map((one) => one.p99)), 3),
        fixed(p50 / trip, 2),
      ]
    })
    return {
      title: this.title,
      head: ['three processes, QUIC, 256 B', 'calls/s', 'p50 ms', 'p99 ms', 'p50 ÷ round trip'],
      rows,
      note: `Closed loops in one process. The round trip is that of one bare stream at 1 000 a second: ${fixed(trip, 3)} ms.`,
    }
  },
}

async function measure(row: string, storage: 'memory' | 'file', ms: number, results: Map<string, Closed[]>): Promise<void> {
  const room = storage === 'file' ? await mkdtemp(join(tmpdir(), 'mosaik-bench-')) : undefined
  const children: Child[] = []
  try {
    const bootstrap: string[] = []
    for (let n = 0; n < MEMBERS; n += 1) {
      const child = startChild(row, 'group', { bootstrap, ...(room !== undefined && { directory: join(room, String(n)) }) })
      children.push(child)
      const { addresses } = await child.next<{ addresses: string[] }>('listening')
      if (n === 0) bootstrap.push(...addresses)
    }
    const ready = await Promise.all(children.map((child) => child.next<{ leads: boolean }>('ready', FORMATION_MS)))
    const leader = children[ready.findIndex(({ leads }) => leads)]
    const follower = children[ready.findIndex(({ leads }) => !leads)]
    if (leader === undefined || follower === undefined) throw new Error(`${row}: no leader among ${MEMBERS} members`)
    await closed(leader, { name: '', what: 'write', at: 'leader', concurrency: 64 }, WARM_MS)
    for (const each of CASES) {
      const result = await closed(each.at === 'leader' ? leader : follower, each, ms)
      const name = `${each.name}, ${storage}`
      results.set(name, [...(results.get(name) ?? []), result])
      progress(`  ${name}: ${short(result.rate)}/s  p50 ${fixed(result.p50, 3)} ms  p99 ${fixed(result.p99, 3)} ms`)
    }
  } finally {
    await Promise.all(children.map((child) => child.stop()))
    if (room !== undefined) await rm(room, { recursive: true, force: true })
  }
}

async function closed(child: Child, { what, concurrency }: Case, ms: number): Promise<Closed> {
  child.tell({ type: 'load', what, concurrency, ms })
  return child.next<Closed>('loaded', ms + 30_000)
}
