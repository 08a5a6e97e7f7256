import type { EntryData } from './entry.ts'
import type { Entry } from './entry.ts'
import type { State } from './state.ts'
import type { Index } from './types.ts'

/** Appends an entry of this leader's term. It is sent to the others while it is written here. */
export function appendOwn(s: State, data: EntryData): Index {
  const entry: Entry = { index: s.log.lastIndex + 1, term: s.term, data }
  appendEntry(s, entry)
  s.mustReplicate = true
  return entry.index
}

/** Appends an entry, whoever wrote it; a configuration holds from this moment on. */
export function appendEntry(s: State, entry: Entry): void {
  s.log.append(entry)
  s.out.appended(entry.index)
  if (entry.data.kind === 'configuration' || entry.data.kind === 'founding') announceConfiguration(s)
}

export function announceConfiguration(s: State): void {
  s.out.emit({ type: 'membership', configuration: s.log.configuration })
}
