import type { Promised } from '../../watched-run.ts'
import type { Catalog, DiscoveryEvent, PeerEntry } from '@mosaik/discovery'
import type { Item } from '../actors/item.ts'
import type { Life } from './machine.ts'
import type { ConsumerChannel, ConsumerRun, ProducerChannel, ProducerRun, Sending } from './records.ts'
import type { Sim } from './sim.ts'

/** What an invariant is told. Every call comes in the step in which the thing happens. */
export interface Probe {
  onStart?(life: Life): void
  /** A clock was moved, by so much. */
  onStep?(life: Life, ms: number): void
  onEvent?(life: Life, event: DiscoveryEvent): void
  onCatalog?(life: Life, catalog: Catalog): void
  /** `syncWith` has resolved; `known` are the entries that the other node showed when it was called, its own included. */
  onSynced?(life: Life, other: Life, known: readonly PeerEntry[]): void
  /** A process is about to say goodbye. */
  onLeaving?(life: Life): void
  /** Something was given to a producer; whether it takes it is not known yet. */
  onSend?(run: ProducerRun, sending: Sending): void
  onTaken?(run: ProducerRun, sending: Sending): void
  /** An item has reached a consumer; its application may take it from now on. */
  onArrival?(channel: ConsumerChannel, sending: Sending, producer: ProducerRun): void
  /** Its application took an item; `oldest` is the one that had waited longest. */
  onReceived?(run: ConsumerRun, item: Item, oldest: Item | undefined): void
  onConsumerChannelEnd?(channel: ConsumerChannel): void
  onProducerChannelEnd?(channel: ProducerChannel): void
  /** Twice a second. */
  tick?(): void
  /** Everything has healed, everyone is connected, and nothing has happened for a while. */
  quiet?(): void
  /** Everyone has left. */
  end?(): void
}

export type Invariant = Promised<Sim, Probe>
