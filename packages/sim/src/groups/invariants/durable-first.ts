import type { Holding, MemberRun } from '../world/member.ts'
import type { LogMirror } from '../world/mirror.ts'
import type { MemberInvariant } from '../world/probe.ts'

/** What a store finds after a crash is what it had confirmed, and of what it was asked beside that a beginning. */
export const durableFirst: MemberInvariant = {
  name: 'confirmed-is-on-disk',
  rule: 'vote, term and entries are durable before anybody is told, and a durable store brings the same member back (docs/consistency.md, members)',
  watch: (_sim, fail) => ({
    onOpened: (run, before) => {
      if (before === undefined || !run.store.durable || possible(before).some((holding) => isSame(holding, run))) return
      fail(
        `${run.name} found ${inWords(run.asked)}; it had been confirmed ${inWords(before.durable)}, and ${before.pending.size} writes were under way`,
      )
    },
  }),
}

/** What may be there: of the writes under way a beginning, of other work anything, before or after them. */
function possible({ durable, pending }: MemberRun): Holding[] {
  const writes = [...pending].filter(({ isWrite }) => isWrite)
  const others = [...pending].filter(({ isWrite }) => !isWrite).slice(0, 4)
  const choices: Holding[] = []
  for (let count = 0; count <= writes.length; count++) {
    for (let set = 0; set < 1 << others.length; set++) {
      const chosen = others.filter((_, i) => (set & (1 << i)) !== 0)
      for (const changes of [
        [...writes.slice(0, count), ...chosen],
        [...chosen, ...writes.slice(0, count)],
      ]) {
        const holding: Holding = { log: durable.log.copy(), state: durable.state, snapshot: durable.snapshot }
        for (const { change } of changes) change(holding)
        choices.push(holding)
      }
    }
  }
  return choices
}

/** A log may have been pruned less, or more, than it says: that is not waited for. */
function isSame({ log, state, snapshot }: Holding, { asked }: MemberRun): boolean {
  const { last } = asked.log
  const isSameEnd = log.last.index === last.index && (log.entries.length === 0 || asked.log.entries.length === 0 || log.last === last)
  return isSameEnd && state?.incarnation === asked.state?.incarnation && state?.term === asked.state?.term
    && state?.vote?.peerId === asked.state?.vote?.peerId && state?.commit === asked.state?.commit
    && snapshot?.index === asked.snapshot?.index // prettier-ignore
}

function inWords({ log, state, snapshot }: { readonly log: LogMirror } & Omit<Holding, 'log'>): string {
  const vote = state?.vote === undefined ? 'no vote' : `a vote for ${state.vote.peerId.slice(-4)}`
  return `entries to ${log.last.index}, term ${state?.term ?? 0}, ${vote}, commit ${state?.commit ?? 0}, snapshot ${snapshot?.index ?? 0}`
}
