import type { MemberRun } from '../world/member.ts'
import type { MemberInvariant } from '../world/probe.ts'

/** Figure 8 of the Raft paper. */
export const ownTerm: MemberInvariant = {
  name: 'own-term-commits',
  rule: 'a leader commits what earlier terms have left behind only together with an entry of its own term (docs/protocol/groups.md, rules)',
  watch: (_sim, fail) => {
    /** What was committed when it began to lead. */
    const before = new WeakMap<MemberRun, { readonly term: number; readonly index: number }>()
    return {
      onEvent: (run, event) => {
        if (event.type === 'leader' && event.leader === run.life.peerId)
          before.set(run, { term: event.term, index: run.group.committed.value })
      },
      onCommitted: (run, index) => {
        const { isLeader, term } = run.group
        const then = before.get(run)
        const entry = run.asked.log.at(index)
        if (!isLeader || then?.term !== term || index <= then.index || entry === undefined || entry.term === term) return
        fail(`${run.name}, leader of term ${term}, commits ${index}, which is of term ${entry.term}`)
      },
    }
  },
}
