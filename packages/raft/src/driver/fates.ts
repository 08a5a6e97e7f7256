import type { Fates } from './applier.ts'
import type { Calls } from './calls.ts'
import type { Resubmission } from './resubmission.ts'

/** What becomes of a command concerns whoever called it, and who proposes it again. */
export function fatesOf(calls: Calls, resubmission: Resubmission): Fates {
  return {
    opened: (session) => calls.opened(session),
    applied: (session, number, outcome) => {
      calls.applied(session, number, outcome)
      resubmission.applied(session, number)
    },
    expired: (session) => {
      calls.expired(session)
      resubmission.expired(session)
    },
  }
}
