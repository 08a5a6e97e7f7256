import type { NetworkId, PeerId } from '../id/types.ts'
import type { WaitOptions, Watch } from '../async/watch.ts'
import type { Clock } from '../time/clock.ts'
import type { Prng } from '../random/prng.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Gossip } from './gossip.ts'
import type { Rendezvous } from './rendezvous.ts'

/** What a byte stream tells its one reader. No method may throw. */
export interface ByteSink {
  /** A chunk, in order. The bytes are the sink's to keep; they are never reused by the stream. */
  onData(chunk: Uint8Array): void
  /** There is room again after `send` answered false. */
  onDrain(): void
  /** The other side will send no more (a clean half close). Never proof that anything was complete. */
  onEnd(): void
  /** Called exactly once, last. Without an error both sides ended cleanly; otherwise it was reset or the connection was lost. */
  onClose(error: Error | undefined): void
}

/**
 * An honest duplex stream of bytes to an authenticated peer: a reset is not an end, a paused reader stops
 * the writer, and every stream closes when its connection goes.
 */
export interface ByteStream {
  readonly peerId: PeerId
  readonly protocol: string
  readonly direction: 'inbound' | 'outbound'
  /** Hands the stream to its reader, once. Until then incoming bytes wait, bounded, and the writer is stopped. */
  attach(sink: ByteSink): void
  /**
   * Takes `chunk`, which must not change until `done` is called: once at most, when the stream has no more need of the bytes,
   * so that they can be written again. A stream may never call it. False: wait for `onDrain` before sending more. Ignored after
   * end, close or abort.
   */
  send(chunk: Uint8Array, done?: () => void): boolean
  /** No more will be sent; what was sent is delivered first. */
  end(): void
  /** Stops `onData` until `resume`, and in the end the writer at the other side. */
  pause(): void
  resume(): void
  /** Ends both directions at once; the other side sees a reset. */
  abort(reason?: unknown): void
  /** The same stream as Web streams, for tools and tests. Using either one attaches it. */
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

/**
 * Who I am, and streams to and from others. One connection per pair of peers, opened on demand, verified
 * (peer id and network) before the first stream.
 */
export interface Endpoint extends AsyncDisposable {
  readonly id: PeerId
  readonly networkId: NetworkId
  /** Where this node can be dialled now, each ending in `/p2p/<id>`. Never an unspecified address. */
  readonly addresses: readonly string[]
  readonly addressesWatch: Watch<readonly string[]>
  /** Peers with a verified connection. */
  readonly connections: Watch<ReadonlySet<PeerId>>
  /** True while a relay or a public address is known. Nothing in the library waits for it. */
  readonly online: Watch<boolean>

  /**
   * Opens a stream. `to` is an address ending in `/p2p/<id>`, an address without, or a peer id whose
   * addresses are known by a connection or `learn`.
   *
   * Rejects with `ERR_UNREACHABLE` (nobody there, wrong peer, protocol not spoken), `ERR_DIFFERENT_NETWORK`,
   * `ERR_TIMEOUT` (10 s by default), `ERR_INVALID_OPTION` (no address) or `ERR_CLOSED`.
   */
  open(to: string, protocol: string, options?: WaitOptions): Promise<ByteStream>
  /** Makes sure of a verified connection and answers whose it is. Rejects as `open` does. */
  connect(to: string, options?: WaitOptions): Promise<PeerId>
  /** Hangs up on a peer after a goodbye; its streams end with a reset. */
  disconnect(peer: PeerId): Promise<void>
  /**
   * Gives up a connection that this side opened and has no more use for. It stays while a stream is open on it, and while
   * the transport needs it; whoever wants it later opens another one.
   */
  release(peer: PeerId): void
  /** Remembers where a peer may be found. Bounded; the newest addresses win. */
  learn(peer: PeerId, addresses: readonly string[]): void

  /** Serves a protocol from now on. Throws `ERR_ALREADY_EXISTS` while someone else does. */
  handle(protocol: string, accept: (stream: ByteStream) => void): void
  unhandle(protocol: string): void

  /** Ed25519 signature by this node's key; `verify` in `@mosaik/core` checks it. */
  sign(bytes: Uint8Array): Uint8Array

  readonly gossip: Gossip
  readonly rendezvous: Rendezvous
  readonly clock: Clock
  readonly prng: Prng
  readonly logger: Logger
  readonly metrics: Metrics
  /** Says goodbye to every peer, lets what was sent arrive (at most 2 s), and ends everything. Idempotent. */
  close(): Promise<void>
}
