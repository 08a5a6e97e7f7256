import type { PeerId } from '@mosaik/core'
import type { Catalog, PeerEntry } from '@mosaik/discovery'
import { accepts } from '../actors/rules.ts'
import type { Ruled } from '../actors/rules.ts'
import { connectedConsumers } from '../world/channels.ts'
import type { Life } from '../world/machine.ts'
import type { Invariant } from '../world/probe.ts'

interface View {
  /** Undefined: not in the catalog. */
  readonly entry: PeerEntry | undefined
  readonly since: number
}

/** An expired ticket is noticed within so many ms. */
const NOTICED_MS = 200

export const admission: Invariant = {
  name: 'rules-hold',
  rule: 'nothing flows from or to a peer whose newest known entry does not satisfy `require`, or whose tickets have expired, or who is not in the catalog (`require` and `requireTicket` of both ends)',
  watch: (sim, fail) => {
    const views = new WeakMap<Life, Map<PeerId, View>>()
    /** Whose clock was moved: a timer may be late by as much. */
    const stepped = new WeakSet<Life>()
    /** The entry by which a peer should have been judged: the one that is known since before this moment. */
    const forbidden = (life: Life, peer: PeerId, { requireTag, needsPass = false }: Ruled): boolean => {
      const view = views.get(life)?.get(peer)
      if (view === undefined || view.since >= sim.now || life.runsSince >= sim.now || peer === life.peerId) return false
      if (life.network.discovery.catalog.value.get(peer) !== view.entry) return false // news of this very moment
      return (
        view.entry === undefined ||
        !accepts({ requireTag, needsPass: needsPass && !stepped.has(life) }, view.entry, life.clock.now() - NOTICED_MS)
      )
    }
    return {
      onStep: (life) => void stepped.add(life),
      onCatalog: (life, catalog) => note(views, life, catalog, sim.now),
      onArrival: ({ run, info }, { item }) => {
        if (!forbidden(run.life, info.peerId, run.plan)) return
        fail(
          `consumer ${run.id} on ${run.life.name} got #${item.seq} of producer ${item.run} on ${sim.nameOf(info.peerId)}, which its rules forbid by now`,
        )
      },
      onTaken: (run) => {
        for (const { info } of connectedConsumers(sim, run)) {
          if (forbidden(run.life, info.peerId, run.plan))
            fail(`producer ${run.id} on ${run.life.name} sends to ${sim.nameOf(info.peerId)}, which its rules forbid by now`)
        }
      },
    }
  },
}

function note(views: WeakMap<Life, Map<PeerId, View>>, life: Life, catalog: Catalog, now: number): void {
  const known = views.get(life) ?? new Map<PeerId, View>()
  views.set(life, known)
  for (const [peer, view] of known) if (view.entry !== undefined && !catalog.has(peer)) known.set(peer, { entry: undefined, since: now })
  for (const entry of catalog) if (known.get(entry.peerId)?.entry !== entry) known.set(entry.peerId, { entry, since: now })
}
