import { isDeepStrictEqual } from 'node:util'
import type { MemberInvariant } from '../world/probe.ts'

export const sameState: MemberInvariant = {
  name: 'same-order-same-state',
  rule: 'every member applies the same commands in the same order, so members with the same position have the same state (docs/consistency.md, promise 1)',
  watch: (_sim, fail) => ({
    onApply: (run, { change, chain, reply, entry, offset }, first) => {
      if (first === undefined) return
      const where = `${entry.index}.${offset} of ${entry.lineage.slice(0, 8)}`
      if (first.change.id !== change.id) fail(`${run.name} applied change ${change.id} at ${where}, others ${first.change.id}`)
      else if (first.chain !== chain || !isDeepStrictEqual(first.reply, reply))
        fail(`the state of ${run.name} after ${where} is not that of the others`)
    },
  }),
}
