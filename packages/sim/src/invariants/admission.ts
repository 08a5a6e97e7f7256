import type { PeerId } from '@mosaik/core'
import type { Catalog, PeerEntry } from '@mosaik/discovery'
import { accepts } from '../actors/rules.ts'
import { connectedConsumers } from '../world/channels.ts'
import type { Life } from '../world/machine.ts'
import type { Invariant } from '../world/probe.ts'

interface View {
  /** Undefined: not in the catalog. */
  readonly entry: PeerEntry | undefined
  readonly since: number
}

/** Rules on tags only: what expires with time is checked when everything is quiet. */
export const admission: Invariant = {
  name: 'rules-hold',
  rule: 'nothing flows from or to a peer whose newest known entry does not satisfy `require`, or who is not in the catalog (ProducerOptions.require, ConsumerOptions.require)',
  watch: (sim, fail) => {
    const views = new WeakMap<Life, Map<PeerId, View>>()
    /** The entry by which a peer should have been judged: the one that is known since before this moment. */
    const forbidden = (life: Life, peer: PeerId, requireTag: string | undefined): boolean => {
      const view = views.get(life)?.get(peer)
      if (view === undefined || view.since >= sim.now || peer === life.peerId) return false
      return view.entry === undefined || !accepts({ requireTag }, view.entry, 0)
    }
    return {
      onCatalog: (life, catalog) => note(views, life, catalog, sim.now),
      onArrival: ({ run, info }, { item }) => {
        if (!forbidden(run.life, info.peerId, run.plan.requireTag)) return
        fail(
          `consumer ${run.id} on ${run.life.name} got #${item.seq} of producer ${item.run} on ${sim.nameOf(info.peerId)}, which its rules forbid by now`,
        )
      },
      onTaken: (run) => {
        for (const { info } of connectedConsumers(sim, run)) {
          if (forbidden(run.life, info.peerId, run.plan.requireTag))
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
