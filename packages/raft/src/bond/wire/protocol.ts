import { MAX_MESSAGE_BYTES } from '@mosaik/core'
import type { CloseReason } from '@mosaik/core'

/** One stream of this protocol joins two peers, for all groups that they have in common. */
export const PROTOCOL = '/mosaik/groups/1'

/** A bulk frame travels in pieces of this size; whatever has to be quick goes between them. */
export const PIECE_BYTES: number = 64 * 1024
/** The largest control frame of a group: one piece. */
export const MAX_CONTROL_BYTES: number = PIECE_BYTES
/** The largest bulk frame of a group: the largest message of any protocol, and what a group writes around it. */
export const MAX_BULK_BYTES: number = MAX_MESSAGE_BYTES + PIECE_BYTES
/** Kind and number of the group. */
export const PIECE_HEADER_BYTES = 5
/** The largest message on the stream. */
export const MAX_FRAME_BYTES: number = PIECE_BYTES + PIECE_HEADER_BYTES
/** Bulk frames of more than one piece that may be under way at a time: what a receiver puts together is bounded by it. */
export const MAX_PARTIAL = 4
/** What a group says of itself when it comes up. */
export const MAX_HELLO_BYTES = 1024
/** What a group says of itself in passing, with a heartbeat. */
export const MAX_STATUS_BYTES = 64
/** Statuses in one heartbeat; more wait for the next. */
export const MAX_STATUSES = 512
export const NONCE_BYTES = 32
export const PROOF_BYTES = 32

type GroupReason =
  | 'Departed'
  | 'NotAllowed'
  | 'GroupNotFound'
  | 'InvalidProof'
  | 'BothObserve'
  | 'AlreadyBonded'
  | 'Replaced'
  | 'NothingInCommon'
  | 'GroupFailed'

const reason = (code: number, name: string): CloseReason => Object.freeze({ code, name })

/** Why a group's part in a bond, or a whole bond, is refused or ended, besides the reasons that all protocols share. */
export const GroupCloseReasons: Readonly<Record<GroupReason, CloseReason>> = Object.freeze({
  /** The peer has left the group. */
  Departed: reason(30200, 'Departed'),
  /** The peer has no valid ticket, or no longer. */
  NotAllowed: reason(30403, 'NotAllowed'),
  /** The group is not joined there. */
  GroupNotFound: reason(30404, 'GroupNotFound'),
  /** The peer does not know the group's key. */
  InvalidProof: reason(30405, 'InvalidProof'),
  /** Both are observers, which have nothing to tell each other. */
  BothObserve: reason(30406, 'BothObserve'),
  /** Both have dialled, and the other bond stays. */
  AlreadyBonded: reason(30429, 'AlreadyBonded'),
  /** The peer has given this bond up and made another one. */
  Replaced: reason(30430, 'Replaced'),
  /** No group has used this bond for a while. */
  NothingInCommon: reason(30204, 'NothingInCommon'),
  /** The group has failed there. */
  GroupFailed: reason(30500, 'GroupFailed'),
})
