import type { PeerId } from '@mosaik/core'
import type { PeerEntry } from '@mosaik/discovery'
import type { Life } from '../world/machine.ts'
import type { Invariant } from '../world/probe.ts'

export const versions: Invariant = {
  name: 'versions-go-forward',
  rule: 'of what a peer says the later `updatedAt` wins, also between two runs of one key (PeerEntry.updatedAt)',
  watch: (sim, fail) => {
    const newest = new WeakMap<Life, Map<PeerId, PeerEntry>>()
    return {
      onStart: (life) => void newest.set(life, new Map()),
      // what was forgotten as too old may be admissible again
      onStep: (life, ms) => void (ms < 0 && newest.get(life)?.clear()),
      onEvent: (life, event) => {
        if ((event.type !== 'discovered' && event.type !== 'updated') || !event.entry.signed) return
        const { entry } = event
        const before = newest.get(life)?.get(entry.peerId)
        newest.get(life)?.set(entry.peerId, entry)
        if (before === undefined || entry.updatedAt > before.updatedAt) return
        if (entry.updatedAt === before.updatedAt && entry.startedAt >= before.startedAt) return
        fail(`${life.name} went from ${before.updatedAt} of ${sim.nameOf(entry.peerId)} back to ${entry.updatedAt}`)
      },
    }
  },
}
