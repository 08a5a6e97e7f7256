import type { Lineage } from './lineage.ts'
import { waitForLeader } from './role.ts'
import type { State } from './state.ts'

/** Joins a history from its beginning, as a learner. */
export function adopt(s: State, lineage: Lineage): void {
  s.lineage = bare(lineage)
  s.founding.ask = undefined
  s.founding.granted = undefined
  s.out.hardStateChanged()
  s.out.emit({ type: 'lineage', lineage: s.lineage })
  waitForLeader(s)
  s.hasNews = true
}

/** Without the facts that a hello adds. */
export function bare({ id, parent, fork }: Lineage): Lineage {
  return { id, ...(parent !== undefined && { parent }), ...(fork !== undefined && { fork }) }
}
