import type { Item } from '../actors/item.ts'
import { WISHES } from '../actors/where.ts'
import { channelTo } from './channels.ts'
import type { ConsumerChannel, ConsumerRun, ProducerRun } from './records.ts'
import type { Sim } from './sim.ts'

const RULE = 'an item that arrives was sent by somebody to whom the consumer shows a connection (ChannelInfo)'

/** An item is being decoded for a consumer: finds the channel, says what was missed before it, and tells everyone. */
export function arrive(sim: Sim, run: ConsumerRun, item: Item): void {
  if (sim.violation !== undefined) return
  const producer = sim.producerRuns[item.run]
  const sending = producer?.sendings[item.seq]
  if (producer === undefined || sending === undefined)
    return sim.fail('known-items', RULE, `consumer ${run.id} got an item that nobody has sent`)
  const channel = channelTo(sim, run, producer.life.peerId)
  const name = `consumer ${run.id} on ${run.life.name} got #${item.seq} of producer ${producer.id} on ${producer.life.name}`
  if (channel === undefined) return sim.fail('known-items', RULE, `${name}, to whom it has no connected channel`)
  channel.from ??= producer
  if (channel.from !== producer) return sim.fail('known-items', RULE, `${name} through a channel to producer ${channel.from.id}`)
  channel.missed += missedBefore(channel, producer, item)
  sim.tell((probe) => probe.onArrival?.(channel, sending, producer))
  channel.first ??= { dropped: channel.info.stats.dropped, missed: channel.missed }
  channel.last = Math.max(item.seq, channel.last ?? 0)
  channel.arrived += 1
  run.waiting.push(item)
}

/** Between two items everything counts that was taken and asked for; before the first, what the channel was owed. */
function missedBefore(channel: ConsumerChannel, producer: ProducerRun, { seq }: Item): number {
  const { holds } = WISHES[channel.run.plan.where]
  let owed = 0
  channel.owed.delete(seq)
  for (const due of channel.owed.keys()) {
    if (due > seq) continue
    channel.owed.delete(due)
    owed += 1
  }
  if (channel.last === undefined) return owed
  let missed = 0
  for (let at = channel.last + 1; at < seq; at++) {
    const between = producer.sendings[at]
    if (between?.state === 'taken' && holds(between.item)) missed += 1
  }
  return missed
}
