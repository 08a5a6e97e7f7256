import type { Invariant } from '../world/probe.ts'
import type { ConsumerChannel, Sending } from '../world/records.ts'

/** What a channel missed is what it counts as dropped, and only a producer that drops makes it miss anything. */
export const gaps: Invariant = {
  name: 'gaps-are-counted',
  rule: 'an unbroken channel misses nothing under `disconnect` and `wait`, and exactly what it counts under `drop` (ProducerOptions.lagging)',
  watch: (_sim, fail) => ({
    onArrival: (channel, { item }, producer) => {
      const { dropped } = channel.info.stats
      const name = describe(channel, item.seq, producer.id)
      if (producer.plan.lagging !== 'drop') {
        if (channel.missed > 0 || dropped > 0)
          fail(`${name}: ${channel.missed} missed and ${dropped} counted under ${producer.plan.lagging}`)
        return
      }
      if (channel.missed > dropped) fail(`${name}: ${channel.missed} missed, but only ${dropped} counted as dropped`)
      if (channel.first === undefined || hasPending(producer.sendings, item.seq)) return
      const counted = dropped - channel.first.dropped
      const missed = channel.missed - channel.first.missed
      if (counted !== missed) fail(`${name}: ${missed} missed since its first item, ${counted} counted as dropped`)
    },
  }),
}

/** Sends whose fate is not known yet could be in the gap or not. */
function hasPending(sendings: readonly Sending[], before: number): boolean {
  for (let at = before - 1; at >= 0 && at > before - 64; at--) if (sendings[at]?.state === 'pending') return true
  return false
}

function describe({ run }: ConsumerChannel, seq: number, producer: number): string {
  return `at #${seq} of producer ${producer}, consumer ${run.id} on ${run.life.name}`
}
