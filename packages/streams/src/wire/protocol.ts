import type { CloseReason } from '@mosaik/core'

export const PROTOCOL = '/mosaik/streams/1.0'

/** Largest encoded datum. */
export const MAX_DATUM_BYTES: number = 16 * 1024 * 1024
/** Largest message a consumer may send: a handshake with the largest criteria. */
export const MAX_REQUEST_BYTES: number = 17 * 1024
export const MAX_CRITERIA_BYTES: number = 16 * 1024
/** Items a producer may owe a consumer. More credit is a violation. */
export const MAX_CREDIT_ITEMS: number = 2 ** 20
/** Encoded bytes a producer may have sent that the application at the other end has not taken. Twice the largest datum, so that half of it always holds one. */
export const WINDOW_BYTES: number = 2 * MAX_DATUM_BYTES

/** A handshake must be answered within this: the producer may sync with its caller and measure the round trip before. */
export const ANSWER_MS = 20_000
/** Handshakes being judged at a time, in all and for one peer; more are refused with `TooManyRequests`. */
export const MAX_PENDING = 1024
export const MAX_PENDING_PER_PEER = 64
/** Subscriptions of one peer to one stream; they differ in their criteria. */
export const MAX_SUBSCRIPTIONS_PER_PEER = 64

/** Why a subscription is refused or ended, besides the reasons that all protocols share. */
export const StreamCloseReasons: Readonly<Record<'NotAllowed' | 'StreamNotFound' | 'TooSlow' | 'NoCapacity', CloseReason>> = Object.freeze({
  /** A rule or a ticket does not hold, or no longer. */
  NotAllowed: Object.freeze({ code: 10403, name: 'NotAllowed' }),
  /** Nobody produces this stream here. */
  StreamNotFound: Object.freeze({ code: 10404, name: 'StreamNotFound' }),
  /** The consumer's queues were full and the producer does not wait. */
  TooSlow: Object.freeze({ code: 10413, name: 'TooSlow' }),
  /** `maxConsumers` are subscribed. */
  NoCapacity: Object.freeze({ code: 10509, name: 'NoCapacity' }),
})
