import type { NetworkId, PeerId, UniqueId } from '../id/types.ts'

/** An opaque credential in a peer's entry. Public: everyone in the network can read it. `id` = blake3(class ‖ data). */
export interface Ticket {
  readonly id: UniqueId
  readonly class: UniqueId
  readonly data: Uint8Array
}

/** Milliseconds since the epoch, or never. */
export type Expiration = number | 'never'

/** Whose ticket is judged, where and when. */
export interface TicketHolder {
  readonly peerId: PeerId
  readonly networkId: NetworkId
  readonly now: number
}

/** Judges tickets of one class. `signature` names the validator and every option of it without ambiguity. */
export interface TicketValidator {
  readonly class: UniqueId
  readonly signature: UniqueId
  /** True when `signature` depends on a secret, so that it can serve as one. */
  readonly secret?: boolean
  /** Synchronous. Throws (`ERR_INVALID_TICKET` with the reason) when the ticket does not hold. */
  validate(data: Uint8Array, holder: TicketHolder): Expiration
}
