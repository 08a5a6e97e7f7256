import type { Outcome, RunOptions } from '../outcome.ts'
import { ask, change } from './actors/client.ts'
import { GROUP_INVARIANTS } from './invariants/index.ts'
import { drawGroupsPlan } from './plan/plan.ts'
import { playSeed } from './play.ts'
import { GroupsSim } from './world/groups-sim.ts'
import type { Invariant } from './world/register-probe.ts'
import { makeStaleLeader } from './world/stale-leader.ts'

export interface GroupsRunOptions extends RunOptions {
  /** Default: all of them. */
  readonly invariants?: readonly Invariant[]
}

/** Plays one seed of members that hold registers. */
export async function runGroupsSeed(seed: string, options: GroupsRunOptions = {}): Promise<Outcome> {
  const sim = new GroupsSim(drawGroupsPlan(seed, options), options.onLine)
  sim.watchWith(options.invariants ?? GROUP_INVARIANTS)
  const draw = sim.draw.under('fresh')
  return playSeed(sim, {
    world: 'groups',
    ask: (client, run, of) => ask(sim, client, run, of),
    writeFresh: (client, run, timeout) => {
      const id = sim.moment()
      const changes = [{ id, key: draw.int(0, run.plan.keys - 1), what: 'write' as const, value: id }]
      return change(sim, { client, run, kind: 'execute', changes, limits: { timeout, signal: undefined } })
    },
    makeStale: (old, of, cut) => makeStaleLeader(sim, old, of, cut),
    goals: [],
    counts: () => ({ readings: sim.readings.length }),
  })
}
