import type { Promised } from '../../watched-run.ts'
import type { GroupEvent, LogEntry, Term } from '@mosaik/raft'
import type { SnapshotMeta, StoredState } from '@mosaik/raft/testing'
import type { Call } from '../history/record.ts'
import type { Life } from './machine.ts'
import type { MemberRun } from './member.ts'
import type { MembersSim } from './sim.ts'
import type { Applied, SeenEntry } from './truth.ts'

/** What an invariant is told, whatever the machines are. Every call comes in the step in which the thing happens. */
export interface MemberProbe {
  /** A store was opened; `before` is whoever had it last. */
  onOpened?(run: MemberRun, before: MemberRun | undefined): void
  /** A store was asked to keep an entry. */
  onAppend?(run: MemberRun, entry: SeenEntry): void
  /** An entry of this position and term was seen before; `raw` is what it is here. */
  onSame?(run: MemberRun, entry: SeenEntry, raw: LogEntry, previousTerm: Term | undefined): void
  onTruncate?(run: MemberRun, dropped: readonly SeenEntry[]): void
  onState?(run: MemberRun, before: StoredState | undefined, after: StoredState): void
  /** It comes back as another member, without what its log had. */
  onAnew?(run: MemberRun, dropped: readonly SeenEntry[]): void
  /** A store was asked to keep a snapshot. */
  onSnapshot?(run: MemberRun, snapshot: SnapshotMeta): void
  /** This member holds it for committed in its history; `known`: what others hold for committed there, unless it is the first. */
  onCommit?(run: MemberRun, entry: SeenEntry, known: SeenEntry | undefined): void
  /** `first`: how it was when it was applied for the first time, unless this is that. */
  onApply?(run: MemberRun, applied: Applied, first: Applied | undefined): void
  /** What a handle says to be committed has changed. */
  onCommitted?(run: MemberRun, index: number): void
  onEvent?(run: MemberRun, event: GroupEvent): void
  /** A call has been answered, one way or another. */
  onCalled?(call: Call): void
  onCrash?(life: Life): void
  /** A few times a second. */
  tick?(): void
  /** Everything has healed, and everyone has the same. */
  end?(): void
}

export type MemberInvariant = Promised<MembersSim, MemberProbe>
