import { compareVersions } from './statement.ts'
import type { Version } from './statement.ts'

/** How far from the own clock a statement may be dated, ms. */
export interface AdmissionRules {
  readonly maxTimeDrift: number
  readonly purgeAfter: number
}

/**
 * What becomes of a statement:
 *
 * - `new`, `newer`: taken;
 * - `same`, `older`: known already, or overtaken (by a departure too: nothing resurrects what has departed);
 * - `future`, `stale`: dated too far ahead of the own clock, or behind it.
 */
export type Verdict = 'new' | 'newer' | 'same' | 'older' | 'future' | 'stale'

/** The one rule for statements from every source: gossip, sync and `feed`. */
export function admit(candidate: Version, known: Version | undefined, now: number, rules: AdmissionRules): Verdict {
  if (candidate.updatedAt > now + rules.maxTimeDrift) return 'future'
  if (candidate.updatedAt < now - rules.purgeAfter) return 'stale'
  if (known === undefined) return 'new'
  const order = compareVersions(candidate, known)
  return order > 0 ? 'newer' : order === 0 ? 'same' : 'older'
}
