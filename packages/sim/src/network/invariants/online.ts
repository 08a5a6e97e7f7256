import { connectedConsumers } from '../world/channels.ts'
import type { Invariant } from '../world/probe.ts'

/** Online is what `onlineWhen` says, and only then anything is taken. */
export const online: Invariant = {
  name: 'online-means-online',
  rule: 'a producer is online while `onlineWhen` holds, and takes nothing while it is not (ProducerOptions.onlineWhen, Producer.trySend)',
  watch: (sim, fail) => ({
    onSend: (run, { wasOnline }) => {
      const served = connectedConsumers(sim, run).length
      if (wasOnline === served >= run.plan.minimumOf) return
      fail(
        `producer ${run.id} on ${run.life.name} is ${wasOnline ? '' : 'not '}online with ${served} consumers and minimumOf ${run.plan.minimumOf}`,
      )
    },
    onTaken: (run, { item, waits, wasOnline }) => {
      if (!waits && !wasOnline) fail(`producer ${run.id} on ${run.life.name} took #${item.seq} while it was offline`)
    },
  }),
}
