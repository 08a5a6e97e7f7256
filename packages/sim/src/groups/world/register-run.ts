import type { Group, LogStore } from '@mosaik/raft'
import { Registers } from '../actors/register.ts'
import type { Change, RegistersState, Reply, Seen } from '../actors/register.ts'
import type { GroupPlan } from '../plan/types.ts'
import type { GroupsSim } from './groups-sim.ts'
import type { Life } from './machine.ts'
import { MemberRun } from './member.ts'

/** A member whose machine is registers. */
export class RegisterRun extends MemberRun {
  declare readonly plan: GroupPlan
  declare group: Group<Change, number, Seen, Reply>
  readonly machine: Registers

  constructor(sim: GroupsSim, life: Life, plan: GroupPlan, inner: LogStore | undefined) {
    super(sim, life, plan, inner)
    this.machine = new Registers({
      lineage: () => this.lineage,
      applied: (change, reply, context, chain) => this.onApplied({ change, reply, chain }, context),
      taken: (state) => sim.tell((probe) => probe.onTaken?.(this, state)),
      installed: (state) => this.#onInstalled(sim, state),
    })
  }

  get digest(): number {
    return this.machine.chain
  }

  #onInstalled(sim: GroupsSim, state: RegistersState): void {
    this.applied = { index: state.index, offset: state.offset }
    sim.tell((probe) => probe.onInstall?.(this, state))
  }
}
