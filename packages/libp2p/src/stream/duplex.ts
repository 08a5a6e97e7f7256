/** What a duplex tells its owner. No method may throw. */
export interface DuplexSink {
  onData(chunk: Uint8Array): void
  onDrain(): void
  /** The peer finished its half. */
  onEnd(): void
  /** Once, last. Undefined only when both halves finished cleanly. */
  onClosed(error: Error | undefined): void
}

/** Bytes both ways, as the transports give them: a QUIC pipe, or a libp2p stream behind an adapter. */
export interface Duplex {
  /** Calls `closing` once, when the duplex has ended or failed, before its sink hears of it. */
  watch(closing: (error: Error | undefined) => void): void
  /** From now on `sink` is told, beginning in a later microtask with what waited. */
  attach(sink: DuplexSink): void
  /** False: `onDrain` follows when there is room. Ignored once ended or closed. `done` may be called when the bytes are not needed any more. */
  send(chunk: Uint8Array, done?: () => void): boolean
  end(): void
  pause(): void
  resume(): void
  reset(error: Error): void
}
