import type { Lagging } from '../types.ts'

/** Where a datum may go. */
export interface Place {
  readonly hasRoom: boolean
}

/**
 * May a datum be taken now, when these are the consumers it matches? Under `wait` all of them need room, otherwise one
 * is enough and the others lag. A datum that matches nobody may always be taken.
 */
export function mayTake(lagging: Lagging, matching: readonly Place[]): boolean {
  const needsAll = lagging === 'wait'
  for (const place of matching) {
    if (place.hasRoom !== needsAll) return !needsAll
  }
  return needsAll || matching.length === 0
}
