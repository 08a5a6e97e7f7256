import type { CloseReason, PeerId } from '@mosaik/core'
import type { PeerEntry } from '@mosaik/discovery'
import type { ChannelInfo, Consumer, Producer } from '@mosaik/streams'
import type { Item } from '../actors/item.ts'
import type { ConsumerPlan, ProducerPlan } from '../plan/types.ts'
import type { Life } from './machine.ts'

/** One datum given to a producer. */
export interface Sending {
  readonly item: Item
  /** By `send`, not by `trySend`. */
  readonly waits: boolean
  /** The producer called itself online when it was sent. */
  readonly wasOnline: boolean
  /** `refused`: the producer said that it did not take it. */
  state: 'pending' | 'taken' | 'refused'
  /** It was handed back as matching nobody. */
  undelivered: boolean
  /** Consumer channels that were connected when it was sent: they must get it. */
  readonly owedTo: readonly ConsumerChannel[]
}

/** One opening of one producer. */
export interface ProducerRun {
  readonly id: number
  readonly life: Life
  readonly plan: ProducerPlan
  readonly producer: Producer<Item>
  readonly openedAt: number
  readonly sendings: Sending[]
  readonly channels: Map<ChannelInfo, ProducerChannel>
  /** Promises of `send` that have not settled. */
  unsettled: number
  closingAt: number | undefined
  closedAt: number | undefined
}

/** One opening of one consumer. */
export interface ConsumerRun {
  readonly id: number
  readonly life: Life
  readonly plan: ConsumerPlan
  readonly consumer: Consumer<Item>
  readonly openedAt: number
  /** Arrived and not yet taken by the application. */
  readonly waiting: Item[]
  readonly channels: Map<ChannelInfo, ConsumerChannel>
  taken: number
  closingAt: number | undefined
  closedAt: number | undefined
}

interface ChannelRecord {
  readonly info: ChannelInfo
  /** Virtual ms. */
  readonly connectedAt: number
  ended: { readonly at: number; readonly reason: CloseReason } | undefined
}

export interface ProducerChannel extends ChannelRecord {
  readonly run: ProducerRun
}

export interface ConsumerChannel extends ChannelRecord {
  readonly run: ConsumerRun
  /** Whose items came through it: known from the first on. */
  from: ProducerRun | undefined
  /** The newest that came. */
  last: number | undefined
  arrived: number
  /** What should have come through and did not, by what others know. */
  missed: number
  /** Its `dropped` when the first item came, and `missed` then. */
  first: { readonly dropped: number; readonly missed: number } | undefined
  /** Sent while it was connected, taken, and not here yet; by `seq`. */
  readonly owed: Map<number, Sending>
}

/** What a node has said of itself, as others must show it. */
export interface Published {
  readonly peerId: PeerId
  /** By `updatedAt`. */
  readonly versions: Map<number, PeerEntry>
}
