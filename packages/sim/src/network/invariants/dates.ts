import type { Invariant } from '../world/probe.ts'

export const dates: Invariant = {
  name: 'dates-are-checked',
  rule: 'no entry is taken that is dated more than maxTimeDrift ahead of the own clock or purgeAfter behind it (DiscoveryOptions)',
  watch: (sim, fail) => ({
    onEvent: (life, event) => {
      if ((event.type !== 'discovered' && event.type !== 'updated') || !event.entry.signed) return
      const { purgeAfter, maxTimeDrift } = sim.plan.discovery
      const ahead = event.entry.updatedAt - life.clock.now()
      if (ahead <= maxTimeDrift && ahead >= -purgeAfter) return
      fail(
        `${life.name} took an entry of ${sim.nameOf(event.entry.peerId)} dated ${ahead} ms ahead (drift ${maxTimeDrift}, purge ${purgeAfter})`,
      )
    },
  }),
}
