import { EMPTY } from '../actors/register.ts'
import type { Change, Register, Reply } from '../actors/register.ts'
import type { MemberRun } from '../world/member.ts'
import type { Invariant } from '../world/register-probe.ts'
import type { Applied } from '../world/truth.ts'

export const reads: Invariant = {
  name: 'reads-tell-a-state-that-was',
  rule: 'a query answers a state that really was, and says at which index; one handle never sees an earlier one afterwards (docs/consistency.md, promise 3)',
  watch: (sim, fail) => {
    const newest = new WeakMap<MemberRun, { readonly member: string; readonly index: number }>()
    return {
      onRead: ({ run, index, seen, member, lineage }) => {
        // Between two of its lives a member still shows what the one before had.
        if (lineage === undefined) return
        const before = newest.get(run)
        if (before !== undefined && before.member === member && index < before.index)
          fail(`a query at ${run.name} was answered at ${index}, after one at ${before.index}`)
        newest.set(run, { member, index })
        if (seen.last.index > index) fail(`a query at ${run.name} was answered at ${index} by a state of ${seen.last.index}`)
      },
      end: () => {
        for (const { run, key, seen, index, lineage } of sim.readings) {
          if (lineage === undefined) continue
          const { value, count } = registerAt(run.truth.lineOf(lineage, index), key)
          if (value !== seen.value || count !== seen.count)
            fail(
              `key ${key} held ${value}, ${count} at ${index} of ${lineage.slice(0, 8)}; a query at ${run.name} answered ${seen.value}, ${seen.count}`,
            )
        }
      },
    }
  },
}

/** What a key holds after these. */
function registerAt(line: Iterable<Applied>, key: number): Register {
  let register: Register = EMPTY
  for (const { change, reply } of line) if ((change as Change).key === key) register = reply as Reply
  return { value: register.value, count: register.count }
}
