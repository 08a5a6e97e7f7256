import type { Invariant } from '../world/probe.ts'

export const catalogs: Invariant = {
  name: 'catalogs-are-consistent',
  rule: '`size` is what iteration yields, `get` and `has` agree with it, and the own node is `me` (Catalog)',
  watch: (sim, fail) => ({
    onCatalog: (life, catalog) => {
      const entries = [...catalog]
      if (entries.length !== catalog.size) fail(`${life.name}: size ${catalog.size}, ${entries.length} entries`)
      if (new Set(entries.map(({ peerId }) => peerId)).size !== entries.length) fail(`${life.name} shows a peer twice`)
      if (entries.some((entry) => catalog.get(entry.peerId) !== entry || !catalog.has(entry.peerId)))
        fail(`${life.name}: get() and iteration disagree`)
      if (catalog.me.peerId !== life.peerId || catalog.has(life.peerId)) fail(`${life.name}: me is not me`)
    },
    tick: () => {
      for (const life of sim.running) {
        const { discovery } = life.network
        if (discovery.me !== discovery.catalog.value.me) fail(`${life.name}: discovery.me is not catalog.me`)
      }
    },
  }),
}
