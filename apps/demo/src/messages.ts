/** What the demo's processes say to the one that started them, over Node's IPC channel. */

/** One datum of the demo: who made it, and its place in the maker's sequence, counted from 0. */
export interface Reading {
  readonly from: string
  readonly n: number
}

/** Counts of one channel between two nodes, as one end saw it. */
export interface ChannelCount {
  readonly peerId: string
  readonly datums: number
}

/** What a consumer found in the sequence of one producer. */
export interface Received extends ChannelCount {
  /** Numbers that were skipped after the first one seen. */
  readonly missing: number
  /** Numbers seen twice or out of order. */
  readonly repeated: number
}

export type Report =
  | { readonly type: 'ready'; readonly peerId: string; readonly addresses: readonly string[] }
  | {
      readonly type: 'status'
      readonly known: number
      readonly sent: readonly ChannelCount[]
      readonly received: readonly Received[]
      readonly connected: number
    }

export type Order = { readonly type: 'stop' }
