import type { PeerId } from '../id/types.ts'
import type { WaitOptions } from '../async/watch.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Clock } from '../time/clock.ts'
import type { CloseReason } from './close-reason.ts'

/** Payloads above this travel in chunks, so that small frames are not stuck behind them. */
export const CHUNK_BYTES: number = 1024 * 1024
/** The largest message any protocol may allow. */
export const MAX_MESSAGE_BYTES: number = 16 * 1024 * 1024

export interface LinkOptions {
  readonly clock: Clock
  /** Largest message taken from the other side, bytes. Exceeding it ends the link with `ProtocolViolation`. Default 1 MiB, at most 16 MiB. */
  readonly maxMessageBytes?: number
  /** Credit window, bytes: how much the other side may send before this side has taken it. 64 KiB to 64 MiB, default 1 MiB. */
  readonly windowBytes?: number
  /** Above this many bytes waiting here `send` answers false. Default 256 KiB. */
  readonly highWaterBytes?: number
  /** The first message must arrive within this time, or the link ends with `Timeout`. 0: no limit. Default 10 s. */
  readonly firstMessageMs?: number
  /** Counts `mosaik.links.violations` by protocol. */
  readonly metrics?: Metrics
}

/**
 * Messages over one byte stream: framed, batched into one write per turn, flow-controlled by credits, and ended
 * by a close frame that says why. The end of the stream without a close frame is `UnexpectedClose`, never success.
 */
export interface Link {
  readonly peerId: PeerId
  readonly protocol: string
  /** Set once the link has ended, with the reason that both sides see. */
  readonly ended: CloseReason | undefined
  /** Settles when the link has ended; never rejects. */
  readonly closed: Promise<CloseReason>
  /** Bytes given to `send` that have not left yet. */
  readonly queuedBytes: number
  /**
   * Queues a message; the bytes must not change afterwards. False: above the high-water mark, wait for `onReady`.
   * Ignored once ended. Throws `ERR_TOO_LARGE` above 16 MiB.
   */
  send(message: Uint8Array): boolean
  /** Called when `queuedBytes` falls below half of the high-water mark after `send` answered false. */
  onReady: (() => void) | undefined
  /** The next message. Rejects with `ERR_CLOSED` (`error.value` is the CloseReason) when the link ends. Not together with `onMessage`. */
  receive(options?: WaitOptions): Promise<Uint8Array>
  /**
   * Takes every message from now on, synchronously; messages that came before are delivered first. Credit for a
   * message returns when the handler does. A handler that throws ends the link with `ProtocolViolation` and the error's message.
   */
  onMessage(handler: (message: Uint8Array) => void): void
  /**
   * Sends what is queued, then the reason, then waits until the other side has hung up (at most `timeoutMs`, default 2 s).
   * Never rejects. The first reason stands; when both sides close at once, that of the side that opened the stream.
   * From now on `send` is ignored and incoming messages are dropped.
   */
  close(reason: CloseReason, timeoutMs?: number): Promise<void>
  /**
   * Ends at once without sending what is queued. The other side is told the reason if it still reads within a second;
   * otherwise it sees `UnexpectedClose`, as it does whenever that is the reason here.
   */
  abort(reason: CloseReason): void
}
