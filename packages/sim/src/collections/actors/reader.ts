import { fateOf } from '../../groups/actors/calling.ts'
import type { CollectionRun } from '../world/collection-run.ts'
import type { CollectionsSim } from '../world/collections-sim.ts'

/** Tells whenever a handle comes online, until it ends. */
export async function followOnline(sim: CollectionsSim, run: CollectionRun): Promise<void> {
  const { when } = run.handle
  try {
    for (let since = sim.moment(); ; since = sim.moment()) {
      await when.online()
      if (!run.isOpen) return
      sim.tell((probe) => probe.onOnline?.(run.read(), since))
      await when.offline()
    }
  } catch (error) {
    fateOf(sim, run, undefined, error)
  }
}

/** Reads a handle's changes until it ends. */
export async function readChanges(sim: CollectionsSim, run: CollectionRun): Promise<void> {
  const reader = { run, from: run.read() }
  for await (const change of run.handle.changes()) {
    if (!run.isOpen) return
    if (change.type === 'write') sim.told.writes += 1
    else sim.told.resets += 1
    sim.tell((probe) => probe.onTold?.(reader, change))
  }
}
