import { connectedConsumers } from '../world/channels.ts'
import type { Invariant } from '../world/probe.ts'
import type { ConsumerRun } from '../world/records.ts'

/** Queues keep their sizes. */
export const bounds: Invariant = {
  name: 'queues-are-bounded',
  rule: 'at most `bufferSize` items of a producer wait at a consumer, and `maxConsumers` are served (ConsumerOptions.bufferSize, ProducerOptions.maxConsumers)',
  watch: (sim, fail) => ({
    onArrival: ({ run }, { item }, { plan }) => {
      const waiting = run.waiting.reduce((sum, one) => sum + (one.run === item.run ? 1 : 0), 1)
      // one more may be in the hands of a `receive` whose caller comes next
      const allowed = 1 + (plan.lagging === 'wait' ? largestOf(run) : run.plan.bufferSize)
      if (waiting > allowed)
        fail(
          `${waiting} items of producer ${item.run} wait at consumer ${run.id} on ${run.life.name}, whose bufferSize is ${run.plan.bufferSize}`,
        )
    },
    tick: () => {
      for (const life of sim.running) {
        for (const run of life.producers) {
          const served = connectedConsumers(sim, run).length
          if (served > (run.plan.maxConsumers ?? served))
            fail(`producer ${run.id} on ${life.name} serves ${served}, maxConsumers is ${run.plan.maxConsumers}`)
        }
      }
    },
  }),
}

/** Credit that others of a shared subscription had given before this one joined is not taken back. */
function largestOf(run: ConsumerRun): number {
  const sharing = run.life.machine.plan.consumers.filter(({ stream, where }) => stream === run.plan.stream && where === run.plan.where)
  return Math.max(...sharing.map(({ bufferSize }) => bufferSize))
}
