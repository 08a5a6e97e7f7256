import type { PeerId } from '@mosaik/core'
import type { PeerEntry } from '@mosaik/discovery'
import type { Life } from '../world/machine.ts'
import type { Invariant } from '../world/probe.ts'

/** Whoever follows the events from the first moment knows the catalog. */
export const events: Invariant = {
  name: 'events-tell-the-catalog',
  rule: 'every change of the catalog is an event, whatever made it: discovered, then updated, then departed (Discovery.events)',
  watch: (sim, fail) => {
    const told = new WeakMap<Life, Map<PeerId, PeerEntry>>()
    const compare = (life: Life): void => {
      const known = told.get(life)
      const catalog = life.network.discovery.catalog.value
      if (known === undefined) return
      for (const entry of catalog) {
        const other = known.get(entry.peerId)
        if (other === undefined) return fail(`${life.name} shows ${sim.nameOf(entry.peerId)} and has told nobody`)
        if (other.updatedAt !== entry.updatedAt)
          return fail(`${life.name} shows version ${entry.updatedAt} of ${sim.nameOf(entry.peerId)}, and told ${other.updatedAt}`)
      }
      for (const peer of known.keys())
        if (!catalog.has(peer)) return fail(`${life.name} does not show ${sim.nameOf(peer)}, and has told nobody`)
    }
    return {
      onStart: (life) => void told.set(life, new Map()),
      onEvent: (life, event) => {
        const known = told.get(life)
        if (known === undefined) return
        if (event.type === 'lagged') return fail(`${life.name} called a prompt reader slow`)
        const peer = event.type === 'departed' ? event.peerId : event.entry.peerId
        if (known.has(peer) === (event.type === 'discovered'))
          fail(`${life.name}: ${event.type} ${sim.nameOf(peer)}, which it had ${known.has(peer) ? '' : 'not '}shown`)
        if (event.type === 'departed') known.delete(peer)
        else known.set(peer, event.entry)
      },
      tick: () => {
        for (const life of sim.running) compare(life)
      },
    }
  },
}
