import type { Change, Version } from '@mosaik/collections'
import type { MemberProbe } from '../../groups/world/probe.ts'
import type { Promised } from '../../watched-run.ts'
import type { CollectionCall } from '../actors/client.ts'
import type { CollectionRun, Reading } from './collection-run.ts'
import type { CollectionsSim } from './collections-sim.ts'

/** One reader of a handle's changes, and what it read when it began. */
export interface ChangeReader {
  readonly run: CollectionRun
  readonly from: Reading
  /** How far it has been told. */
  at: Version
}

/** What an invariant is told of members whose machines are collections. */
export interface Probe extends MemberProbe {
  /** At any moment, and whenever a handle has another version. */
  onRead?(reading: Reading): void
  onTold?(reader: ChangeReader, change: Change): void
  /** A write has succeeded, and this is what its writer reads in the same step. */
  onWritten?(call: CollectionCall, reading: Reading): void
  /** A handle has come online, and was not since that moment. */
  onOnline?(reading: Reading, since: number): void
  /** A wait for a version of another member is over: it is there, or never will be. */
  onReached?(wanted: Version, isThere: boolean, reading: Reading): void
}

export type Invariant = Promised<CollectionsSim, Probe>
