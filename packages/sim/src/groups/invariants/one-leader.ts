import type { LineageId } from '@mosaik/raft'
import type { MemberInvariant } from '../world/probe.ts'
import type { MemberRun } from '../world/member.ts'

/** Raft's election safety. */
export const oneLeader: MemberInvariant = {
  name: 'one-leader-a-term',
  rule: 'a term of a history has at most one leader (docs/consistency.md, promise 1)',
  watch: (_sim, fail) => {
    const leaders = new Map<string, string>()
    const lineages = new WeakMap<MemberRun, LineageId | undefined>()
    const led = (run: MemberRun, lineage: LineageId, term: number, leader: string): void => {
      const key = `${run.plan.index} ${lineage} ${term}`
      const known = leaders.get(key)
      if (known === undefined) leaders.set(key, leader)
      else if (known !== leader) fail(`${run.name} says that ${leader} leads in term ${term} of ${lineage.slice(0, 8)}, but ${known} did`)
    }
    return {
      onOpened: (run) => void lineages.set(run, run.lineage),
      onEvent: (run, event) => {
        if (event.type === 'lineage') lineages.set(run, event.lineage)
        const lineage = lineages.get(run)
        if (event.type === 'leader' && event.leader !== undefined && lineage !== undefined) led(run, lineage, event.term, event.leader)
      },
    }
  },
}
