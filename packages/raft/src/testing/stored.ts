import { decodeCanonical } from '@mosaik/core'
import { decodeStoredState } from '../driver/log-writer.ts'
import type { StoredState } from '../driver/log-writer.ts'
import type { EntryData } from '../logic/entry.ts'
import type { SnapshotMeta } from '../logic/snapshot.ts'
import type { LogEntry, SnapshotMark } from '../storage/types.ts'
import { decodeEntryData } from '../wire/entry-codec.ts'
import { snapshotShape } from '../wire/message-codec.ts'
import { life, record } from '../wire/shape.ts'
import type { Shape } from '../wire/shape.ts'

export type { Configuration, Voter } from '../logic/configuration.ts'
export type { EntryData } from '../logic/entry.ts'
export type { Lineage } from '../logic/lineage.ts'
export type { SnapshotMeta } from '../logic/snapshot.ts'
export type { StoredState } from '../driver/log-writer.ts'

export interface StoredSnapshot {
  readonly incarnation: string
  readonly snapshot: SnapshotMeta
}

const snapshotMark: Shape<StoredSnapshot> = record<StoredSnapshot>({ incarnation: life, snapshot: snapshotShape })

/** What an entry in a group's store says. Throws `ERR_PROTOCOL`. */
export function readStoredEntry({ bytes }: Pick<LogEntry, 'bytes'>): EntryData {
  return decodeEntryData(bytes)
}

/** What the hard state in a group's store says. Throws `ERR_STORAGE`. */
export function readStoredState(bytes: Uint8Array): StoredState {
  return decodeStoredState(bytes)
}

/** What belongs to the snapshot in a group's store beside the state. Throws `ERR_PROTOCOL`. */
export function readStoredSnapshot({ meta }: Pick<SnapshotMark, 'meta'>): StoredSnapshot {
  return snapshotMark(decodeCanonical(meta), 'snapshot')
}
