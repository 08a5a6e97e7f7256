import { versionOf } from '../actors/client.ts'
import type { Invariant } from '../world/probe.ts'
import { inWords, isPast } from './states.ts'

/** A handle asks how far the others are some time before it comes online: what succeeds meanwhile it may still lack. */
export const online: Invariant = {
  name: 'online-is-current',
  rule: 'who comes online has what had been written before (CollectionConditions.online)',
  watch: (sim, fail) => ({
    onOnline: (reading, since) => {
      const { run } = reading
      for (const call of sim.calls) {
        const version = versionOf(call)
        if (version === undefined || call.endedAt >= since || call.run.plan !== run.plan) continue
        const write = run.truth.placeOf(call)
        if (write === undefined || run.lineage === undefined || !run.truth.isOnLine(run.lineage, write.entry)) continue
        if (!isPast(run, version, reading.version))
          fail(
            `${run.name} is online at ${inWords(reading.version)}, without ${call.change.method} ${call.change.id} at ${inWords(version)}`,
          )
      }
    },
  }),
}
