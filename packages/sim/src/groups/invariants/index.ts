import type { Invariant } from '../world/register-probe.ts'
import { bounded } from './bounded.ts'
import { committedStays } from './committed-stays.ts'
import { configurations } from './configurations.ts'
import { durableFirst } from './durable-first.ts'
import { exactlyOnce } from './exactly-once.ts'
import { forwardOnly } from './forward-only.ts'
import { leaderCompleteness } from './leader-completeness.ts'
import { linearizable } from './linearizable.ts'
import { logMatching } from './log-matching.ts'
import { nothingLost } from './nothing-lost.ts'
import { onAQuorum } from './on-a-quorum.ts'
import { oneLeader } from './one-leader.ts'
import { ownTerm } from './own-term.ts'
import { reads } from './reads.ts'
import { recovery } from './recovery.ts'
import { sameState } from './same-state.ts'
import { snapshots } from './snapshots.ts'
import { surprises } from './surprises.ts'

/** Everything that must hold at every moment. What must come to hold is in `liveness.ts`. */
export const GROUP_INVARIANTS: readonly Invariant[] = [
  oneLeader, logMatching, leaderCompleteness, committedStays, onAQuorum, ownTerm, forwardOnly, durableFirst, configurations,
  sameState, snapshots, exactlyOnce, reads, linearizable, nothingLost, recovery, bounded, surprises,
] // prettier-ignore
