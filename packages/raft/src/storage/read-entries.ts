import type { Disk, DiskFile } from '@mosaik/core'
import type { Index } from '../logic/types.ts'
import type { Slot } from './log-state.ts'
import { decodeEntry, ENTRY_HEAD, RECORD_HEAD, readRecord, TAG } from './record.ts'
import { corrupt } from './refusal.ts'
import type { Segment } from './segment.ts'
import type { LogEntry } from './types.ts'

/** Entries that lie this far apart at most are read in one go. */
const READ_BYTES = 2 ** 20

/** Entries of one segment whose bytes must be read. */
interface Run {
  readonly segment: Segment
  readonly from: number
  to: number
  readonly slots: { readonly index: Index; readonly slot: Slot }[]
}

/** The entries in `slots`, which begin with number `first`: from memory, the others from disk, verified. */
export async function readEntries(
  disk: Disk,
  first: Index,
  slots: readonly Slot[],
  fileOf: (segment: Segment) => DiskFile | undefined,
): Promise<LogEntry[]> {
  const entries: LogEntry[] = []
  const runs: Run[] = []
  for (const [i, slot] of slots.entries()) {
    const index = first + i
    entries.push({ index, term: slot.term, bytes: slot.bytes ?? EMPTY })
    if (slot.bytes === undefined) addTo(runs, index, slot)
  }
  for (const run of runs) {
    const bytes = await readRun(disk, run, fileOf(run.segment))
    for (const { index, slot } of run.slots) entries[index - first] = entryOf(bytes, run, index, slot)
  }
  return entries
}

const EMPTY = new Uint8Array()

function addTo(runs: Run[], index: Index, slot: Slot): void {
  const to = slot.offset + RECORD_HEAD + ENTRY_HEAD + slot.length
  const run = runs.at(-1)
  if (run?.segment === slot.segment && slot.offset >= run.to && to - run.from <= READ_BYTES) {
    run.to = to
    run.slots.push({ index, slot })
  } else {
    runs.push({ segment: slot.segment, from: slot.offset, to, slots: [{ index, slot }] })
  }
}

async function readRun(disk: Disk, { segment, from, to }: Run, open: DiskFile | undefined): Promise<Buffer> {
  const file = open ?? (await disk.open(segment.path, 'read'))
  try {
    const bytes = await file.read(from, to - from)
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  } finally {
    if (file !== open) await file.close()
  }
}

function entryOf(bytes: Buffer, { segment, from }: Run, index: Index, slot: Slot): LogEntry {
  const record = readRecord(bytes, slot.offset - from)
  const entry = record?.tag === TAG.entry && record.body.length >= ENTRY_HEAD ? decodeEntry(record.body) : undefined
  if (entry?.index === index && entry.term === slot.term && entry.bytes.length === slot.length) return entry
  throw corrupt(segment.path, slot.offset, `entry ${index} is unreadable`)
}
