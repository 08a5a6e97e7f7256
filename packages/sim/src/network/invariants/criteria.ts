import { WISHES } from '../actors/where.ts'
import type { Invariant } from '../world/probe.ts'

export const criteria: Invariant = {
  name: 'criteria-hold',
  rule: 'every item that reaches a consumer satisfies its `where` (ConsumerOptions.where)',
  watch: (_sim, fail) => ({
    onArrival: ({ run }, { item }) => {
      if (WISHES[run.plan.where].holds(item)) return
      fail(
        `consumer ${run.id} on ${run.life.name} asked for ${run.plan.where} and got ${item.kind} at ${item.price} (#${item.seq} of producer ${item.run})`,
      )
    },
  }),
}
