import { configurationOf } from '../world/truth.ts'
import type { MemberInvariant } from '../world/probe.ts'
import type { MembersSim } from '../world/sim.ts'
import type { MemberRun } from '../world/member.ts'

/** A bond with a process that was killed is dead by then. */
const NOTICED_MS = 1_500

export const recovery: MemberInvariant = {
  name: 'data-on-disks-is-waited-for',
  rule: 'survivors do not go on without a majority while a silent voter that is durable may come back (docs/consistency.md, when members are lost)',
  watch: (sim, fail) => ({
    onAppend: (run, entry) => {
      if (entry.data.kind !== 'founding' || entry.data.parent === undefined || entry.data.founder.peerId !== run.life.peerId) return
      const { entries } = run.asked.log
      const before = entries.findLast((one) => one.index < entry.index && configurationOf(one) !== undefined)
      for (const { peerId, incarnation, durable } of (before === undefined ? undefined : configurationOf(before))?.voters ?? []) {
        if (!durable) continue
        const holder = waiting(sim, run, `${peerId}/${incarnation}`)
        if (holder !== undefined) fail(`${run.name} founds a child history, though ${holder.name}, a durable voter, is only down`)
      }
    },
  }),
}

/** The voter's last process, if it was killed a while ago and its disk is still there. */
function waiting(sim: MembersSim, { plan }: MemberRun, member: string): MemberRun | undefined {
  for (const { life, before } of sim.machines) {
    const last = before.get(plan.index)
    if (last === undefined || last.life !== life || life.state !== 'crashed' || last.memberId !== member) continue
    if (sim.now - life.endedAt >= NOTICED_MS) return last
  }
  return undefined
}
