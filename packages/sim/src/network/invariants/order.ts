import type { Invariant } from '../world/probe.ts'
import type { ConsumerRun } from '../world/records.ts'

export const order: Invariant = {
  name: 'in-order-once',
  rule: 'a consumer gets what a producer sends in the order of sending, nothing twice, nothing that was handed back (Producer.send)',
  watch: (_sim, fail) => {
    const newest = new WeakMap<ConsumerRun, Map<number, number>>()
    return {
      onArrival: ({ run }, { item, state, undelivered }, producer) => {
        const name = `consumer ${run.id} on ${run.life.name}: #${item.seq} of producer ${producer.id}`
        const ofRun = newest.get(run) ?? new Map<number, number>()
        newest.set(run, ofRun)
        const last = ofRun.get(item.run)
        if (last !== undefined && item.seq <= last) fail(`${name} after #${last}`)
        if (state === 'refused') fail(`${name}, which the producer had refused`)
        if (undelivered) fail(`${name}, which the producer had called undelivered`)
        ofRun.set(item.run, item.seq)
      },
      onTaken: (run, sending) => {
        // in call order; the answer to a `send` comes a microtask later than that to a `trySend`
        const before = run.sendings[sending.item.seq - 1]
        if (sending.waits && before?.state === 'pending') fail(`producer ${run.id} took #${sending.item.seq} before #${before.item.seq}`)
      },
    }
  },
}
