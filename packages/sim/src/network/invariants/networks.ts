import type { Invariant } from '../world/probe.ts'

export const networks: Invariant = {
  name: 'networks-apart',
  rule: 'a catalog holds peers of its own network only, and what was inserted by hand stays where it was inserted (Discovery.insert, feed)',
  watch: (sim, fail) => ({
    onEvent: (life, event) => {
      if (event.type !== 'discovered' && event.type !== 'updated') return
      const { entry } = event
      if (entry.peerId === life.peerId) fail(`${life.name} shows itself in its catalog`)
      if (entry.networkId !== life.network.id) fail(`${life.name} shows ${sim.nameOf(entry.peerId)} of another network`)
      const network = sim.machineOf(entry.peerId)?.plan.network
      if (entry.signed && network !== life.machine.plan.network)
        fail(`${life.name} of ${life.machine.plan.network} shows ${sim.nameOf(entry.peerId)} of ${network}`)
      // insert() says so before its caller can
      if (!entry.signed && sim.machineOf(entry.peerId) !== undefined && network !== life.machine.plan.network)
        fail(`${life.name} took an unsigned entry of another network`)
    },
    tick: () => {
      for (const life of sim.running) {
        for (const entry of life.network.discovery.catalog.value) {
          if (!entry.signed && !life.inserted.has(entry.peerId))
            fail(`${life.name} shows an unsigned entry of ${sim.nameOf(entry.peerId)} that nobody inserted there`)
        }
      }
    },
  }),
}
