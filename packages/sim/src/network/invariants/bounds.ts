import type { PeerId } from '@mosaik/core'
import { connectedConsumers } from '../world/channels.ts'
import type { Invariant } from '../world/probe.ts'
import type { ConsumerRun } from '../world/records.ts'
import type { Sim } from '../world/sim.ts'

/** Queues keep their sizes. */
export const bounds: Invariant = {
  name: 'queues-are-bounded',
  rule: 'at most `bufferSize` items of a producer wait at a consumer, `maxConsumers` are served, and nobody twice (ConsumerOptions.bufferSize, ProducerOptions.maxConsumers)',
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
    onTaken: (run) => {
      const served = connectedConsumers(sim, run)
      if (served.length > (run.plan.maxConsumers ?? served.length)) {
        fail(`producer ${run.id} on ${run.life.name} serves ${served.length}, maxConsumers is ${run.plan.maxConsumers}`)
      }
      for (const { info } of served) {
        const ofPeer = served.filter((other) => other.info.peerId === info.peerId).length
        const asked = criteriaOf(sim, info.peerId, run.plan.stream)
        if (ofPeer > asked)
          fail(
            `producer ${run.id} on ${run.life.name} serves ${sim.nameOf(info.peerId)} ${ofPeer} times, which asks for ${asked} selections`,
          )
      }
    },
  }),
}

/** In how many ways the consumers of a node select from a stream. */
function criteriaOf(sim: Sim, peer: PeerId, stream: number): number {
  const consumers = sim.machineOf(peer)?.plan.consumers.filter((consumer) => consumer.stream === stream)
  return new Set(consumers?.map(({ where }) => where)).size
}

/** Credit that others of a shared subscription had given before this one joined is not taken back. */
function largestOf(run: ConsumerRun): number {
  const sharing = run.life.machine.plan.consumers.filter(({ stream, where }) => stream === run.plan.stream && where === run.plan.where)
  return Math.max(...sharing.map(({ bufferSize }) => bufferSize))
}
