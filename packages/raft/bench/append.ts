/**
 * How fast a file log makes entries of 256 B durable, beside plain writes with a sync each on the same disk:
 *
 *     node --conditions=@mosaik/source packages/raft/bench/append.ts <directory> [seconds per row, default 2]
 *
 * A row is (entries per call, calls under way). The directory gets a store of its own, which is removed.
 */
import { mkdtemp, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileLog } from '../src/storage/file-log.ts'
import type { LogEntry } from '../src/storage/types.ts'

const ENTRY_BYTES = 256
const ROWS = [
  { batch: 1, parallel: 1 },
  { batch: 1, parallel: 64 },
  { batch: 64, parallel: 1 },
  { batch: 64, parallel: 16 },
  { batch: 1024, parallel: 1 },
  { batch: 1024, parallel: 4 },
]

const [place, seconds = '2'] = process.argv.slice(2)
if (place === undefined) throw new Error('usage: append.ts <directory> [seconds]')
const directory = await mkdtemp(join(place, 'append-'))
try {
  console.log(await floor())
  for (const row of ROWS) console.log(await measure(row.batch, row.parallel))
} finally {
  await rm(directory, { recursive: true })
}

/** One write and one sync for each entry. */
async function floor(): Promise<string> {
  const file = await open(join(directory, 'floor'), 'w')
  const bytes = new Uint8Array(ENTRY_BYTES)
  const times: number[] = []
  const until = performance.now() + Number(seconds) * 1000
  for (let now = performance.now(); now < until; now = performance.now()) {
    await file.write(bytes)
    await file.datasync()
    times.push(performance.now() - now)
  }
  await file.close()
  return line('plain write and sync', times, 1)
}

async function measure(batch: number, parallel: number): Promise<string> {
  const store = fileLog(join(directory, `${batch}-${parallel}`))
  await store.open()
  const bytes = new Uint8Array(ENTRY_BYTES).fill(7)
  const times: number[] = []
  const until = performance.now() + Number(seconds) * 1000
  let index = 0
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const caller = async (): Promise<void> => {
    for (let now = performance.now(); now < until; now = performance.now()) {
      const entries: LogEntry[] = []
      for (let i = 0; i < batch; i++) entries.push({ index: ++index, term: 1, bytes })
      await store.append(entries)
      times.push(performance.now() - now)
      if (index % 65_536 < batch && store.last.index > 65_536) await store.prune(store.last.index - 4096)
    }
  }
  await Promise.all(Array.from({ length: parallel }, caller))
  delay.disable()
  await store.close()
  return `${line(`batches of ${batch}, ${parallel} under way`, times, batch)}, event loop p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms`
}

function line(name: string, times: readonly number[], batch: number): string {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2)
  const rate = Math.round((times.length * batch) / Number(seconds))
  return `${name.padEnd(34)} ${String(rate).padStart(9)} entries/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`
}
