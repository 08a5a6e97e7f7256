import { playSeed } from '../groups/play.ts'
import type { Outcome, RunOptions } from '../outcome.ts'
import { ask, drawWrite, write } from './actors/client.ts'
import { COLLECTION_INVARIANTS } from './invariants/index.ts'
import { allOnline, allTold } from './invariants/liveness.ts'
import { drawCollectionsPlan } from './plan/plan.ts'
import { CollectionsSim } from './world/collections-sim.ts'
import type { Invariant } from './world/probe.ts'

export interface CollectionsRunOptions extends RunOptions {
  /** Default: all of them. */
  readonly invariants?: readonly Invariant[]
}

/** Plays one seed of nodes that hold collections. */
export async function runCollectionsSeed(seed: string, options: CollectionsRunOptions = {}): Promise<Outcome> {
  const sim = new CollectionsSim(drawCollectionsPlan(seed, options), options.onLine)
  sim.watchWith(options.invariants ?? COLLECTION_INVARIANTS)
  const draw = sim.draw.under('fresh')
  return playSeed(sim, {
    world: 'collections',
    ask: (client, run, of) => ask(sim, client, run, of),
    writeFresh: async (client, run, timeout) => {
      if (!run.mayWrite) return
      await write(sim, { client, run, write: drawWrite(sim, run, draw), limits: { timeout, signal: undefined } })
    },
    goals: [allOnline(sim), allTold(sim)],
    counts: () => ({ 'writes told': sim.told.writes, 'resets told': sim.told.resets }),
  })
}
