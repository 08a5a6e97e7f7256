import type { PeerId } from '@mosaik/core'
import type { PeerEntry } from '@mosaik/discovery'
import type { Life } from '../world/machine.ts'
import type { Invariant } from '../world/probe.ts'

interface Memory {
  readonly entries: Map<PeerId, PeerEntry>
  /** `startedAt` of the runs whose goodbye was heard here. */
  readonly gone: Map<PeerId, Set<number>>
}

/** Tells a goodbye from an entry that became too old: the entry was still good. */
export const departures: Invariant = {
  name: 'departed-stay-away',
  rule: 'after a goodbye no entry of that run comes back, from whomever (Discovery, departures)',
  watch: (sim, fail) => {
    const memories = new WeakMap<Life, Memory>()
    const goodbyes = new Map<PeerId, Set<number>>()
    return {
      onStart: (life) => void memories.set(life, { entries: new Map(), gone: new Map() }),
      onStep: (life, ms) => void (ms < 0 && memories.get(life)?.gone.clear()),
      onLeaving: ({ network, peerId }) => void setOf(goodbyes, peerId).add(network.discovery.me.startedAt),
      onEvent: (life, event) => {
        const memory = memories.get(life)
        if (memory === undefined || event.type === 'lagged') return
        if (event.type === 'departed') {
          const last = memory.entries.get(event.peerId)
          memory.entries.delete(event.peerId)
          const isFresh = last !== undefined && last.signed && last.updatedAt >= life.clock.now() - sim.plan.discovery.purgeAfter
          if (isFresh && goodbyes.get(event.peerId)?.has(last.startedAt) === true) setOf(memory.gone, event.peerId).add(last.startedAt)
          return
        }
        const { entry } = event
        memory.entries.set(entry.peerId, entry)
        if (!entry.signed || memory.gone.get(entry.peerId)?.has(entry.startedAt) !== true) return
        fail(`${life.name} has heard ${sim.nameOf(entry.peerId)} say goodbye, and shows version ${entry.updatedAt} of that run again`)
      },
    }
  },
}

function setOf(map: Map<PeerId, Set<number>>, peer: PeerId): Set<number> {
  const found = map.get(peer) ?? new Set<number>()
  map.set(peer, found)
  return found
}
