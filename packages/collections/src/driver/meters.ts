import { shortId } from '@mosaik/core'
import type { Counter, Gauge, GroupId, Metrics, NetworkId, StoreId } from '@mosaik/core'
import type { CollectionKind } from '../machines/types.ts'

const PREFIX = 'mosaik.collections'

/** Names of the gauges, as in the README's table. */
const NAMES: Record<CollectionKind, string> = { map: 'map', vec: 'vec', set: 'set', cell: 'cell', once: 'once', 'priority-queue': 'depq' }

export interface MetersInit {
  readonly metrics: Metrics
  readonly network: NetworkId
  readonly group: GroupId
  readonly store: StoreId
  readonly kind: CollectionKind
}

/** What one replica counts. */
export class ReplicaMeters {
  readonly #size: Gauge
  readonly #syncs: Counter
  readonly #misfits: Counter

  constructor({ metrics, network, group, store, kind }: MetersInit) {
    const labels = { network: shortId(network), group: shortId(group), store: shortId(store) }
    this.#size = metrics.gauge(`${PREFIX}.${NAMES[kind]}.size`, labels)
    this.#syncs = metrics.counter(`${PREFIX}.syncs.started`, labels)
    this.#misfits = metrics.counter(`${PREFIX}.misfits`, labels)
  }

  size(items: number): void {
    this.#size.set(items)
  }

  syncStarted(): void {
    this.#syncs.add()
  }

  misfit(): void {
    this.#misfits.add()
  }

  close(): void {
    this.#size.set(0)
  }
}
