/** What the QUIC transport allows. Stated in the README. */
export interface QuicLimits {
  /**
   * A connection without a sign of life ends after this, ms. It starts anew with the first keep-alive into the silence:
   * a killed process is noticed within `idleMs` and one pause between keep-alives.
   */
  readonly idleMs: number
  /** How often the dialer of an idle connection shows a sign of life, ms. Its acknowledgement is that of the other side. */
  readonly keepAliveMs: number
  /** After so much silence the acceptor sends one itself, ms: a little longer, so that in quiet times only one side does. */
  readonly acceptorKeepAliveMs: number
  /** Open streams per connection and direction; an open beyond it waits for its turn or its signal. */
  readonly streams: number
  /** Unread bytes that the peer may have under way per stream and per connection. */
  readonly streamBytes: number
  readonly connectionBytes: number
  /** Kernel buffers of a socket, bytes. */
  readonly socketBytes: number
  /** Handshakes that a listener is always ready to take, beside those that are half open. */
  readonly handshakes: number
  /** Half-open handshakes per listener; beyond them a new one waits until an old one has ended, at `idleMs`. */
  readonly maxHandshakes: number
}

export const DEFAULT_QUIC_LIMITS: QuicLimits = Object.freeze({
  idleMs: 2400,
  keepAliveMs: 1300,
  acceptorKeepAliveMs: 1500,
  streams: 1024,
  streamBytes: 2 * 1024 * 1024,
  connectionBytes: 16 * 1024 * 1024,
  socketBytes: 4 * 1024 * 1024,
  handshakes: 16,
  maxHandshakes: 1024,
})

/** Smallest and largest native read. A read that waits holds its size in memory, so idle streams use the smallest. */
export const MIN_READ_BYTES = 2048
export const MAX_READ_BYTES: number = 128 * 1024
/** Largest native write, and what may be queued behind one. */
export const MAX_WRITE_BYTES: number = 256 * 1024
/** Chunks that queue up meanwhile are copied together up to this size; beyond it a copy costs more than a native write does. */
export const MAX_JOINED_BYTES: number = 64 * 1024

/** The size of the next read after one of `size` brought `got` bytes: quick to grow, slow to shrink. */
export function nextReadSize(size: number, got: number): number {
  if (got >= size) return Math.min(size * 4, MAX_READ_BYTES)
  if (got < size >> 3) return Math.max(size >> 1, MIN_READ_BYTES)
  return size
}
