import type { PeerId } from '@mosaik/core'
import type { ChannelInfo } from '@mosaik/streams'
import type { ConsumerChannel, ConsumerRun, ProducerChannel, ProducerRun } from './records.ts'
import type { Sim } from './sim.ts'

/** The record of a connected channel, made when it is seen for the first time. */
export function consumerChannel(sim: Sim, run: ConsumerRun, info: ChannelInfo): ConsumerChannel {
  const known = run.channels.get(info)
  if (known !== undefined) return known
  const channel: ConsumerChannel = {
    info, run, connectedAt: sim.now - (info.stats.uptime ?? 0),
    ended: undefined, from: undefined, last: undefined, arrived: 0, missed: 0, first: undefined, owed: new Map(),
  } // prettier-ignore
  run.channels.set(info, channel)
  void info.closed.then((reason) => {
    channel.ended = { at: sim.now, reason }
    sim.tell((probe) => probe.onConsumerChannelEnd?.(channel))
    channel.owed.clear()
  })
  return channel
}

export function producerChannel(sim: Sim, run: ProducerRun, info: ChannelInfo): ProducerChannel {
  const known = run.channels.get(info)
  if (known !== undefined) return known
  const channel: ProducerChannel = { info, run, connectedAt: sim.now - (info.stats.uptime ?? 0), ended: undefined }
  run.channels.set(info, channel)
  void info.closed.then((reason) => {
    channel.ended = { at: sim.now, reason }
    sim.tell((probe) => probe.onProducerChannelEnd?.(channel))
  })
  return channel
}

/** The connected channels of a consumer as it shows them, with their records. */
export function connectedProducers(sim: Sim, run: ConsumerRun): ConsumerChannel[] {
  return run.consumer.producers.filter(isConnected).map((info) => consumerChannel(sim, run, info))
}

export function connectedConsumers(sim: Sim, run: ProducerRun): ProducerChannel[] {
  return run.producer.consumers.filter(isConnected).map((info) => producerChannel(sim, run, info))
}

/** The channel by which this consumer is connected to that peer. */
export function channelTo(sim: Sim, run: ConsumerRun, peer: PeerId): ConsumerChannel | undefined {
  const info = run.consumer.producers.find((one) => one.peerId === peer && isConnected(one))
  return info === undefined ? undefined : consumerChannel(sim, run, info)
}

/** Looks at everything that processes show, so that short channels are known too, and what is due when someone looks is done. */
export function seeAll(sim: Sim): void {
  for (const life of sim.running) {
    void life.network.discovery.catalog.value
    for (const run of life.producers) connectedConsumers(sim, run)
    for (const run of life.consumers) connectedProducers(sim, run)
  }
}

function isConnected(info: ChannelInfo): boolean {
  return info.state === 'connected'
}
