import type { CloseReason, Duration, GroupId, PeerId, TicketValidator, Watch } from '@mosaik/core'
import type { GroupKey } from '../group-key.ts'

/** A connection to another member of a group, both having proved the key. */
export interface Bond {
  readonly peerId: PeerId
  /** When it came up, ms since the epoch by this node's clock. */
  readonly since: number
}

export interface BondsOptions {
  /** Within this every step of making a bond is answered. 100 ms to 60 s, default 5 s. */
  readonly handshakeTimeout?: Duration
}

/** How often two members assure each other that they are there. All members of a group have the same. */
export interface HeartbeatTiming {
  /** ms, at least 1. */
  readonly interval: number
  /** A heartbeat comes up to this much earlier, by chance, ms. */
  readonly jitter: number
  /** A peer that has answered nothing for so many intervals is down. */
  readonly maxMissed: number
}

/** A group of this node as its bonds see it. Callbacks come synchronously, one after the other, and never after `leave`. */
export interface BondingOptions {
  readonly groupId: GroupId
  readonly key: GroupKey
  /** A peer must have a valid ticket for each, for as long as it is bonded. */
  readonly validators?: readonly TicketValidator[]
  readonly timing: HeartbeatTiming
  /** Observers are bonded with everyone but other observers. Default false. */
  readonly observer?: boolean
  /** What is said to a peer that has proved the key, at most 1 KiB. Asked for at each handshake. */
  readonly hello: () => Uint8Array
  /** A peer is bonded from now on; `hello` is what it says of itself. */
  onUp(peer: PeerId, hello: Uint8Array): void
  /** It is no longer. Follows each `onUp` once, unless `leave` came before. What was sent last may not have arrived. */
  onDown(peer: PeerId, reason: CloseReason): void
  /**
   * A frame of a bonded peer. The bytes are the group's to keep; they may be a part of a larger buffer. Frames of one kind
   * come in order; control frames overtake bulk. A throw ends this group's part in the bond: `ERR_PROTOCOL` as a
   * violation by the peer, anything else as a failure here. Both are tried again with growing pauses.
   */
  onFrame(peer: PeerId, bytes: Uint8Array, kind: 'control' | 'bulk'): void
  /** The peer's `setStatus`, when it has changed, with a heartbeat. */
  onStatus?(peer: PeerId, status: Uint8Array): void
  /** There is room again after `send` answered false. */
  onReady?(peer: PeerId): void
}

/** This node's part in the bonds of one group. */
export interface Membership {
  readonly groupId: GroupId
  /** By peer id. Waits reject with `ERR_CLOSED` after `leave`. */
  readonly bonds: Watch<readonly Bond[]>
  /**
   * Sends a frame to a bonded peer; the bytes must not change afterwards. Control frames (the default) go before bulk.
   * False: it is lost, because the peer is not bonded or too much waits for it already; `onReady` tells when to send again.
   * Throws `ERR_TOO_LARGE` above 64 KiB, for bulk above 16 MiB and 64 KiB.
   */
  send(peer: PeerId, bytes: Uint8Array, options?: { readonly bulk?: boolean }): boolean
  /** Peers to be bonded with even when their entries do not list the group, instead of those named before. */
  want(peers: Iterable<PeerId>): void
  setObserver(observer: boolean): void
  /** Told to every bonded peer with the next heartbeat, at most 64 bytes. Of several only the last. Throws `ERR_TOO_LARGE`. */
  setStatus(status: Uint8Array): void
  /**
   * Tells the peers why (default `Departed`), after the control frames that still wait, and takes the group out of the own
   * entry. Nothing is called back from now on. Resolves when bonds that nobody else needs are closed, within 2 s. Idempotent.
   */
  leave(reason?: CloseReason): Promise<void>
}

/** The bonds of a node: one stream for each peer, shared by all groups in common. */
export interface Bonds extends AsyncDisposable {
  /**
   * Advertises the group, makes bonds with everyone who does, and keeps them. Throws `ERR_ALREADY_EXISTS` while the group
   * is joined, `ERR_INVALID_OPTION`, `ERR_TOO_LARGE` when the own entry is full, and `ERR_CLOSED`.
   */
  join(options: BondingOptions): Membership
  /** How many ms ago each bonded peer is known to have been there, by the heartbeats that it has acknowledged: of all groups alike. */
  heard(): ReadonlyMap<PeerId, number>
  /** Leaves every group and closes every bond, within 2 s. Idempotent. */
  close(): Promise<void>
}
