import type { LineageId } from '@mosaik/raft'
import type { MemberRun } from '../world/member.ts'
import type { SeenEntry } from '../world/truth.ts'
import type { MemberInvariant } from '../world/probe.ts'
import type { MembersSim } from '../world/sim.ts'

/**
 * What was acknowledged is in the history that goes on, or was handed over, or everyone who had it is gone: processes without a
 * disk that have ended, disks that were replaced, logs that were pruned.
 */
export const nothingLost: MemberInvariant = {
  name: 'no-silent-loss',
  rule: 'what succeeded is in the history that goes on, or is handed over by who gives way, as far as its log has it (docs/consistency.md, promise 5)',
  watch: (sim, fail) => ({
    end: () => {
      for (const call of sim.calls) {
        const { run, kind, state, index } = call
        const { id } = call.change
        if (state !== 'done' || kind === 'feed') continue
        const goesOn = lineageAtTheEnd(sim, run.plan.index)
        const entry = run.truth.placeOf(call)?.entry
        if (goesOn === undefined || entry === undefined || run.truth.isOnLine(goesOn, entry)) continue
        if (sim.runs.some(({ handedOver, plan }) => plan === run.plan && handedOver.has(id))) continue
        const having = sim.runs.filter((one) => one.gaveUp.has(entry) && !isWithTheWinner(one, entry)).map(({ name }) => name)
        if (having.length > 0)
          fail(
            `change ${id}, acknowledged at ${run.name} at ${index} of ${entry.lineage.slice(0, 8)}, is in no state and was not handed over; ${having.join(', ')} had it`,
          )
      }
    },
    onEvent: (run, event) => {
      if (event.type !== 'superseded') return
      run.yieldedTo.add(event.by)
      for (const { command } of event.entries) run.handedOver.add((command as { readonly id: number }).id)
    },
  }),
}

/** What the history that it gave way to had as well is that one's to keep, by those who are in it. */
function isWithTheWinner({ yieldedTo, truth }: MemberRun, entry: SeenEntry): boolean {
  return [...yieldedTo].some((winner) => truth.isOnLine(winner, entry))
}

function lineageAtTheEnd(sim: MembersSim, group: number): LineageId | undefined {
  return sim.runsOf(group)[0]?.lineage
}
