import { check, MosaikError } from '@mosaik/core'
import type { Cursor, Index } from '../logic/types.ts'
import { MAX_ENTRY_BYTES, MAX_STATE_BYTES, MAX_WRITE_BYTES } from './limits.ts'
import { pruned, refuse } from './refusal.ts'
import type { LogEntry, LogWrite } from './types.ts'

/** Where the log begins and ends once all accepted writes are done. */
export interface Extent {
  /** The position right before the first entry. */
  readonly before: Index
  readonly last: Index
}

/** What a write makes of a log of this extent, and how large it is; throws when it cannot be done. */
export function checkWrite({ reset, truncateFrom, entries = [], hardState }: LogWrite, now: Extent): Extent & { readonly bytes: number } {
  let { before, last } = now
  if (reset !== undefined) {
    checkCursor('reset', reset)
    before = last = reset.index
  }
  if (truncateFrom !== undefined) {
    check.integer('truncateFrom', truncateFrom, { min: 1 })
    if (truncateFrom <= before) throw pruned(`entry ${truncateFrom} cannot be truncated`, before + 1)
    last = Math.min(last, truncateFrom - 1)
  }
  const bytes = checkEntries(entries, last) + (hardState === undefined ? 0 : checkState('hardState', hardState))
  if (bytes > MAX_WRITE_BYTES) throw new MosaikError('ERR_TOO_LARGE', `a write of ${bytes} bytes; the limit is ${MAX_WRITE_BYTES}`)
  return { before, last: last + entries.length, bytes }
}

export function checkCursor(name: string, { index, term }: Cursor): void {
  check.integer(`${name}.index`, index, { min: 0 })
  check.integer(`${name}.term`, term, { min: 0 })
}

export function checkState(name: string, bytes: Uint8Array): number {
  if (!(bytes instanceof Uint8Array)) refuse(`${name} is not a Uint8Array`)
  if (bytes.length <= MAX_STATE_BYTES) return bytes.length
  throw new MosaikError('ERR_TOO_LARGE', `${name} has ${bytes.length} bytes; the limit is ${MAX_STATE_BYTES}`)
}

/** True when there is something to read; throws when it is not there, or not any more. */
export function checkRange(from: Index, to: Index, { before, last }: Extent): boolean {
  check.integer('from', from, { min: 1 })
  check.integer('to', to, { min: 0 })
  if (to < from) return false
  if (from <= before) throw pruned(`entries ${from} to ${to} cannot be read`, before + 1)
  if (to > last) refuse(`to is ${to}; the last entry is ${last}`)
  return true
}

/** True when there is something to prune. */
export function checkPrune(upTo: Index, { before, last }: Extent): boolean {
  check.integer('upTo', upTo, { min: 0 })
  if (upTo > last) refuse(`upTo is ${upTo}; the last entry is ${last}`)
  return upTo > before
}

function checkEntries(entries: readonly LogEntry[], last: Index): number {
  let sum = 0
  let expected = last
  for (const { index, term, bytes } of entries) {
    expected += 1
    if (index !== expected) refuse(`an entry has the index ${index}; the next one is ${expected}`)
    if (!Number.isSafeInteger(term) || term < 0) refuse(`entry ${index} has the term ${term}; it must be an integer of at least 0`)
    if (!(bytes instanceof Uint8Array)) refuse(`entry ${index} has no bytes`)
    if (bytes.length > MAX_ENTRY_BYTES) {
      throw new MosaikError('ERR_TOO_LARGE', `entry ${index} has ${bytes.length} bytes; the limit is ${MAX_ENTRY_BYTES}`)
    }
    sum += bytes.length
  }
  return sum
}
