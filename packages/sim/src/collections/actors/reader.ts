import { fateOf } from '../../groups/actors/calling.ts'
import type { CollectionRun } from '../world/collection-run.ts'
import type { CollectionsSim } from '../world/collections-sim.ts'
import type { ChangeReader } from '../world/probe.ts'

/** Follows a handle until it ends. `isRead`: its changes, too. */
export function follow(sim: CollectionsSim, run: CollectionRun, isRead: boolean): void {
  run.following.push(followOnline(sim, run))
  if (isRead) readChanges(sim, run)
}

/** Reads a handle's changes from now on, until it ends. */
export function readChanges(sim: CollectionsSim, run: CollectionRun): void {
  const from = run.read()
  const reader = { run, from, at: from.version }
  sim.readers.push(reader)
  run.following.push(readOn(sim, reader))
}

/** Tells whenever it comes online. */
async function followOnline(sim: CollectionsSim, run: CollectionRun): Promise<void> {
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

async function readOn(sim: CollectionsSim, reader: ChangeReader): Promise<void> {
  const { run } = reader
  for await (const change of run.handle.changes()) {
    if (!run.isOpen) return
    if (change.type === 'write') sim.told.writes += 1
    else sim.told.resets += 1
    sim.tell((probe) => probe.onTold?.(reader, change))
    if (change.type !== 'lagged') reader.at = change.version
  }
}
