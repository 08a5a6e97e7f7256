import type { MemberInvariant } from '../world/probe.ts'

export const forwardOnly: MemberInvariant = {
  name: 'nothing-goes-back',
  rule: 'term and commit of a member never go back, nor does its vote in a term change, not across restarts either (docs/protocol/groups.md, votes)',
  watch: (sim, fail) => ({
    onState: (run, before, after) => {
      if (before === undefined || before.incarnation !== after.incarnation) return
      if (after.term < before.term) fail(`${run.name} went from term ${before.term} back to ${after.term}`)
      if (after.commit < before.commit) fail(`${run.name} went from commit ${before.commit} back to ${after.commit}`)
      const voted = before.vote?.peerId
      if (after.term === before.term && before.lineage?.id === after.lineage?.id && voted !== undefined && after.vote?.peerId !== voted)
        fail(`${run.name} voted for ${sim.nameOf(voted)} in term ${after.term}, and then for ${sim.nameOf(after.vote?.peerId)}`)
    },
    onApply: (run, { entry, offset }) => {
      const { index, offset: last } = run.applied
      if (entry.index < index || (entry.index === index && offset <= last))
        fail(`${run.name} applied ${entry.index}.${offset} after ${index}.${last}`)
    },
  }),
}
