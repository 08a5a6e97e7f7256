import type { Configuration } from '@mosaik/raft/testing'
import { configurationOf } from '../world/truth.ts'
import type { Invariant } from '../world/probe.ts'

export const configurations: Invariant = {
  name: 'one-voter-at-a-time',
  rule: 'a configuration differs from the one before it by one voter, so that majorities overlap (docs/protocol/groups.md, rules)',
  watch: (_sim, fail) => ({
    onAppend: (run, entry) => {
      if (entry.data.kind !== 'configuration') return
      const { entries } = run.asked.log
      const before = entries.findLast((one) => one.index < entry.index && configurationOf(one) !== undefined)
      const known = before === undefined ? undefined : configurationOf(before)
      if (known === undefined) return
      const changes = difference(known, entry.data.configuration) + difference(entry.data.configuration, known)
      if (changes !== 1) fail(`the configuration at ${entry.index} at ${run.name} has ${changes} changes`)
    },
  }),
}

/** How many of `a` are not in `b`. */
function difference(a: Configuration, b: Configuration): number {
  return a.voters.filter(
    (voter) => !b.voters.some(({ peerId, incarnation }) => peerId === voter.peerId && incarnation === voter.incarnation),
  ).length
}
