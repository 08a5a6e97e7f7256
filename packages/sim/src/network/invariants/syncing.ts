import type { PeerId } from '@mosaik/core'
import type { Invariant } from '../world/probe.ts'

/** A comparison of catalogs leaves neither side behind. */
export const syncing: Invariant = {
  name: 'syncs-bring-everything',
  rule: 'after `syncWith` a node knows what the other one knew when it was called, or something newer (Discovery.syncWith)',
  watch: (sim, fail) => {
    /** Of these a goodbye may be known that is later than what they say now. */
    const left = new Set<PeerId>()
    return {
      onLeaving: ({ peerId }) => void left.add(peerId),
      onSynced: (life, other, known) => {
        if (other.network.id !== life.network.id) return fail(`${life.name} compared catalogs with ${other.name} of another network`)
        const { purgeAfter, maxTimeDrift } = sim.plan.discovery
        const { catalog } = life.network.discovery
        const now = life.clock.now()
        for (const entry of known) {
          const isAdmissible = entry.updatedAt <= now + maxTimeDrift && entry.updatedAt >= now - purgeAfter
          // who has gone meanwhile is not missed
          if (!entry.signed || !isAdmissible || entry.peerId === life.peerId || sim.machineOf(entry.peerId)?.life?.isOpen !== true) continue
          const mine = catalog.value.get(entry.peerId)
          if (mine === undefined ? left.has(entry.peerId) : mine.updatedAt >= entry.updatedAt) continue
          fail(
            `${life.name} has compared catalogs with ${other.name} and shows ${sim.nameOf(entry.peerId)} ${mine === undefined ? 'not at all' : `as of ${mine.updatedAt}`}; ${other.name} showed ${entry.updatedAt}`,
          )
        }
      },
    }
  },
}
