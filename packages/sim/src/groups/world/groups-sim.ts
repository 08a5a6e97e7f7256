import { createGroups, groupKey } from '@mosaik/raft'
import type { Groups } from '@mosaik/raft'
import type { RegisterCall, Reading } from '../history/record.ts'
import type { GroupPlan, GroupsPlan } from '../plan/types.ts'
import { consensusOf } from './consensus.ts'
import { diskLog, follow } from './lives.ts'
import type { Life } from './machine.ts'
import type { Probe } from './register-probe.ts'
import { RegisterRun } from './register-run.ts'
import { MembersSim } from './sim.ts'

/** Members that hold registers. */
export class GroupsSim extends MembersSim<RegisterRun, Probe> {
  readonly plan: GroupsPlan
  readonly calls: RegisterCall[] = []
  readonly readings: Reading[] = []

  constructor(plan: GroupsPlan, onLine?: (line: string) => void) {
    super(`groups ${plan.seed}`, plan, onLine)
    this.plan = plan
  }

  enter(life: Life): Groups {
    const groups = createGroups(life.discovery)
    for (const plan of this.plan.groups) this.#join(groups, life, plan)
    return groups
  }

  #join(groups: Groups, life: Life, plan: GroupPlan): void {
    const run = new RegisterRun(this, life, plan, diskLog(this, life, plan.index))
    run.group = groups.join({
      key: groupKey(`registers ${plan.index}`),
      machine: run.machine,
      consensus: consensusOf(plan),
      storage: run.store,
      preference: life.machine.plan.preference,
      retention: { entries: plan.retention },
    })
    this.runs.push(run)
    follow(this, run)
  }
}
