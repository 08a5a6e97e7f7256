import type { Configuration } from '@mosaik/raft/testing'
import { configurationOf } from '../world/truth.ts'
import type { SeenEntry } from '../world/truth.ts'
import { hasMajority } from './on-a-quorum.ts'
import type { MemberInvariant } from '../world/probe.ts'

export const configurations: MemberInvariant = {
  name: 'one-voter-at-a-time',
  rule: 'a configuration differs by one voter from the one before it, which is committed by then, as is an entry of the own term (docs/protocol/groups.md, rules)',
  watch: (_sim, fail) => ({
    onAppend: (run, entry) => {
      if (entry.data.kind !== 'configuration') return
      const { entries } = run.asked.log
      const before = entries.findLast((one) => one.index < entry.index && configurationOf(one) !== undefined)
      const known = before === undefined ? undefined : configurationOf(before)
      if (before === undefined || known === undefined) return
      const changes = difference(known, entry.data.configuration) + difference(entry.data.configuration, known)
      if (changes !== 1) fail(`the configuration at ${entry.index} at ${run.name} has ${changes} changes`)
      if (entry.askedOf.size > 1) return // its leader has been looked at
      const isOf = (one: SeenEntry): boolean => run.lineage !== undefined && run.truth.isOnLine(run.lineage, one)
      if (!isOf(before) && !hasMajority(known, before.holders))
        fail(`${run.name} appends a configuration at ${entry.index}, while that at ${before.index} is not committed`)
      const opening = entries.find(({ term }) => term === entry.term)
      // What came before it in its term has been pruned, and only what is committed is; or the last configuration is of this term.
      if (opening?.previousTerm === entry.term || before.term === entry.term) return
      // It may have been committed by the voters of then, while the others began with a snapshot.
      const choices = entries.flatMap((one) => configurationOf(one) ?? [])
      if (opening !== undefined && !isOf(opening) && !choices.some((choice) => hasMajority(choice, opening.holders)))
        fail(`${run.name} appends a configuration at ${entry.index}, before anything of term ${entry.term} is committed`)
    },
  }),
}

/** How many of `a` are not in `b`. */
function difference(a: Configuration, b: Configuration): number {
  return a.voters.filter(
    (voter) => !b.voters.some(({ peerId, incarnation }) => peerId === voter.peerId && incarnation === voter.incarnation),
  ).length
}
