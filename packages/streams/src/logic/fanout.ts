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
  if (matching.length === 0) return true
  return lagging === 'wait' ? matching.every(hasRoom) : matching.some(hasRoom)
}

function hasRoom(place: Place): boolean {
  return place.hasRoom
}
