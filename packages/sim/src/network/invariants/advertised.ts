import { uniqueId } from '@mosaik/core'
import type { Invariant } from '../world/probe.ts'

/** An entry names what its node offers, and no more. */
export const advertised: Invariant = {
  name: 'offers-are-advertised',
  rule: 'the own entry names a stream from `produce` on until its producer closes (PeerEntry.streams, Streams.produce)',
  watch: (sim, fail) => ({
    tick: () => {
      for (const life of sim.running) {
        const offered = [...life.producers].filter(({ closingAt }) => closingAt === undefined)
        const expected = new Set(offered.map(({ plan }) => uniqueId(sim.plan.streams[plan.stream] as string)))
        const { streams } = life.network.discovery.me
        if (expected.symmetricDifference(streams).size > 0)
          fail(`${life.name} advertises ${streams.size} streams and offers ${expected.size}`)
      }
    },
  }),
}
