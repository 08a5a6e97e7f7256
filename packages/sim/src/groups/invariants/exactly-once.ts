import { isDeepStrictEqual } from 'node:util'
import type { MemberInvariant } from '../world/probe.ts'
import type { MembersSim } from '../world/sim.ts'

export const exactlyOnce: MemberInvariant = {
  name: 'exactly-once',
  rule: 'a command that was acknowledged stands where it was said to, with that reply; no command is applied twice; what was not sent never (docs/consistency.md, promise 2)',
  watch: (sim, fail) => ({
    onApply: (run, applied, first) => {
      if (first !== undefined) return
      const { id } = applied.change
      for (const other of run.truth.places.get(id) ?? []) {
        if (other !== applied && run.lineage !== undefined && run.truth.isOnLine(run.lineage, other.entry))
          fail(`change ${id} was applied at ${other.entry.index} and again at ${applied.entry.index}, seen at ${run.name}`)
      }
    },
    onCalled: (call) => {
      const { run, kind, state, index, offset, reply } = call
      if (state !== 'done' || kind === 'feed') return
      const { id } = call.change
      const place = run.truth.placeOf(call)
      if (place === undefined)
        return fail(`change ${id} was acknowledged at ${run.name} as applied at ${index}, where nobody has applied it`)
      if (place.offset !== offset) fail(`change ${id} is number ${offset} of its batch, and was applied as number ${place.offset}`)
      if (!isDeepStrictEqual(place.reply, reply)) fail(`change ${id} got another reply at ${run.name} than applying it gave`)
    },
    end: () => {
      for (const {
        run,
        change: { id },
        state,
      } of sim.calls)
        // prettier-ignore
        if (state === 'lost' && run.truth.places.has(id)) fail(`change ${id} was handed back as never sent by ${run.name}, and was applied`)
      batchesAreWhole(sim, fail)
    },
  }),
}

function batchesAreWhole(sim: MembersSim, fail: (what: string) => void): void {
  for (const truth of sim.truths) {
    for (const { committed } of truth.histories.values()) {
      for (const entry of committed.values()) {
        if (entry.data.kind !== 'commands' || entry.applied.length === 0) continue
        if (entry.applied.length !== entry.data.payloads.length || !entry.applied.every((one) => one !== undefined))
          fail(`of the batch at ${entry.index} of ${entry.lineage.slice(0, 8)} only ${entry.applied.length} commands were applied`)
      }
    }
  }
}
