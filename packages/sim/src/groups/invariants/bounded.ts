import type { MemberInvariant } from '../world/probe.ts'

/** Until a snapshot has been agreed on and saved, the log grows on. */
const SLACK_ENTRIES = 400

export const bounded: MemberInvariant = {
  name: 'memory-is-bounded',
  rule: 'the log keeps what `retention` says behind a snapshot, which is taken when there is twice as much (JoinOptions.retention)',
  watch: (sim, fail) => ({
    end: () => {
      for (const run of sim.plan.groups.flatMap(({ index }) => sim.runsOf(index))) {
        const { first, last } = run.store
        const kept = last.index - first + 1
        if (kept > 3 * run.plan.retention + SLACK_ENTRIES)
          fail(`the log of ${run.name} has ${kept} entries; its retention is ${run.plan.retention}`)
      }
    },
  }),
}
