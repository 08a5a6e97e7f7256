import type { Goal } from '../../groups/invariants/liveness.ts'
import type { CollectionsSim } from '../world/collections-sim.ts'
import { untold } from './changes.ts'

/** Readers take what they are told one by one, an instant after it was written. */
export function allTold(sim: CollectionsSim): Goal {
  return {
    name: 'changes-are-told',
    rule: '`changes()` tells every write (Collection.changes)',
    missing: () => {
      const reader = sim.readers.find((one) => one.run.isOpen && untold(one) !== undefined)
      return reader === undefined ? undefined : `a reader at ${reader.run.name} is not told of ${untold(reader)}`
    },
  }
}

/** Everyone is online: writes reach a leader, and what had been written before is here. */
export function allOnline(sim: CollectionsSim): Goal {
  return {
    name: 'online-again',
    rule: 'with a leader a handle is online as soon as it has what had been written before (README of @mosaik/collections, reading)',
    missing: () => {
      const run = sim.open.flatMap((life) => sim.runsIn(life)).find(({ handle }) => !handle.isOnline)
      return run === undefined ? undefined : `${run.name} is not online at ${run.handle.version.index}`
    },
  }
}
