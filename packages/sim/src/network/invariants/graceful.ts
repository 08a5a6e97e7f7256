import { CloseReasons } from '@mosaik/core'
import type { Invariant } from '../world/probe.ts'
import type { ConsumerChannel, ProducerRun } from '../world/records.ts'

/** A close that took less waited for everybody: neither of its deadlines (2 s and 1.5 s) has passed. */
const UNHURRIED_MS = 1_450

interface Farewell {
  readonly channel: ConsumerChannel
  readonly producer: ProducerRun
  /** Owed and not delivered. */
  readonly missing: number
}

export const graceful: Invariant = {
  name: 'close-delivers-first',
  rule: 'a close is 204 GracefulShutdown after everything that was sent has been delivered (Streams.close, Producer)',
  watch: (sim, fail) => {
    const farewells = new Set<Farewell>()
    const judge = ({ channel, producer, missing }: Farewell): void => {
      const took = (producer.closedAt ?? sim.now) - (producer.closingAt ?? sim.now)
      if (took >= UNHURRIED_MS || producer.life.state === 'crashed') return
      const { run, info } = channel
      const counted = info.stats.dropped - channel.missed
      if (missing <= (producer.plan.lagging === 'drop' ? counted : 0)) return
      fail(
        `producer ${producer.id} on ${producer.life.name} closed in ${Math.round(took)} ms; consumer ${run.id} on ${run.life.name} lacks ${missing} items`,
      )
    }
    return {
      onConsumerChannelEnd: (channel) => {
        const { run, ended, owed } = channel
        const [first] = owed.values()
        const producer = channel.from ?? sim.producerRuns[first?.item.run ?? -1]
        if (producer === undefined || run.closingAt !== undefined || !run.life.isOpen) return
        const code = ended?.reason.code
        if (code === CloseReasons.GracefulShutdown.code) {
          farewells.add({ channel, producer, missing: owed.size })
        } else if (sim.phase === 'farewell' && producer.closingAt !== undefined) {
          fail(
            `producer ${producer.id} closed, and consumer ${run.id} on ${run.life.name} was told ${code} ${ended?.reason.name}: ${ended?.reason.detail ?? ''}`,
          )
        }
      },
      tick: () => {
        for (const farewell of farewells) {
          if (farewell.producer.closingAt !== undefined && farewell.producer.closedAt === undefined) continue
          farewells.delete(farewell)
          if (farewell.producer.closingAt !== undefined) judge(farewell)
        }
      },
    }
  },
}
