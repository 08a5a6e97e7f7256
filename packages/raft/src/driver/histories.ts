import type { Restored } from '../logic/effects.ts'
import type { Lineage } from '../logic/lineage.ts'
import type { GroupEvent } from '../types.ts'

export function lineageEvent({ id, parent, fork }: Lineage): GroupEvent {
  return { type: 'lineage', lineage: id, ...(parent !== undefined && { parent }), ...(fork !== undefined && { fork: fork.index }) }
}

/** The present history after those that it goes on from, as far back as the log and the snapshot tell. */
export function storedLineages({ hardState, snapshot, entries }: Restored): readonly Lineage[] {
  const known = new Map<string, Lineage>()
  if (snapshot !== undefined) known.set(snapshot.lineage.id, snapshot.lineage)
  for (const { data } of entries) if (data.kind === 'founding') known.set(data.lineage, { ...data, id: data.lineage })
  if (hardState.lineage === undefined) return []
  known.delete(hardState.lineage.id)
  return [...known.values(), hardState.lineage]
}
