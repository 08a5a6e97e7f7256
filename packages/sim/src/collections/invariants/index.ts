import { bounded } from '../../groups/invariants/bounded.ts'
import { exactlyOnce } from '../../groups/invariants/exactly-once.ts'
import { nothingLost } from '../../groups/invariants/nothing-lost.ts'
import { sameState } from '../../groups/invariants/same-state.ts'
import { surprises } from '../../groups/invariants/surprises.ts'
import type { Invariant } from '../world/probe.ts'
import { changes } from './changes.ts'
import { linearizable } from './linearizable.ts'
import { models } from './models.ts'
import { onceForEver } from './once.ts'
import { online } from './online.ts'
import { forwards, replicas } from './replicas.ts'
import { asWritten, ownWrites, reaching } from './writes.ts'

/** Everything that must hold at every moment. What must come to hold is in `liveness.ts`. */
export const COLLECTION_INVARIANTS: readonly Invariant[] = [
  sameState, replicas, forwards, models, linearizable, onceForEver, exactlyOnce, asWritten, ownWrites, reaching, online, nothingLost, changes, bounded, surprises,
] // prettier-ignore
