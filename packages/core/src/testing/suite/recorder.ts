import type { ByteStream } from '../../net/endpoint.ts'

/** A sink that remembers what a stream told it, and lets a test wait for it. */
export interface Recorder {
  /** Bytes received so far. */
  readonly received: number
  readonly ended: boolean
  /** Set by `onClose`. */
  readonly closed: { readonly error: Error | undefined } | undefined
  /** How often `onClose` was called. */
  readonly closes: number
  readonly drains: number
  /** Everything received, joined. */
  bytes(): Uint8Array
  text(): string
  /** Settles when `condition` holds; it is looked at after every event of the stream. */
  until(condition: (recorder: Recorder) => boolean): Promise<void>
}

/** Attaches a recorder to `stream`. */
export function record(stream: ByteStream): Recorder {
  const chunks: Uint8Array[] = []
  let waiters: { condition: (recorder: Recorder) => boolean; resolve: () => void }[] = []
  let received = 0
  let drains = 0
  let closes = 0
  let ended = false
  let closed: Recorder['closed']
  const recorder: Recorder = {
    get received() {
      return received
    },
    get ended() {
      return ended
    },
    get closed() {
      return closed
    },
    get closes() {
      return closes
    },
    get drains() {
      return drains
    },
    bytes: () => joinBytes(chunks),
    text: () => new TextDecoder().decode(joinBytes(chunks)),
    until: (condition) => (condition(recorder) ? Promise.resolve() : new Promise((resolve) => void waiters.push({ condition, resolve }))),
  }
  const tell = (): void => {
    waiters = waiters.filter(({ condition, resolve }) => {
      if (!condition(recorder)) return true
      resolve()
      return false
    })
  }
  stream.attach({
    onData: (chunk) => {
      chunks.push(chunk)
      received += chunk.length
      tell()
    },
    onDrain: () => {
      drains += 1
      tell()
    },
    onEnd: () => {
      ended = true
      tell()
    },
    onClose: (error) => {
      closed = { error }
      closes += 1
      tell()
    },
  })
  return recorder
}

/** Sends all of `bytes` in pieces, waiting for room as the contract asks. `recorder` is the one attached to `stream`. */
export async function sendAll(stream: ByteStream, recorder: Recorder, bytes: Uint8Array, pieceBytes: number = 64 * 1024): Promise<void> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const drains = recorder.drains
    if (!stream.send(bytes.subarray(at, at + pieceBytes))) {
      await recorder.until((seen) => seen.drains > drains || seen.closed !== undefined)
    }
  }
}

/** `length` bytes that look random and depend on `seed` (xorshift32), so that a lost, doubled or moved chunk shows. */
export function patternBytes(length: number, seed: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4))
  let x = (seed | 0) === 0 ? 1 : seed | 0
  for (let i = 0; i < words.length; i++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    words[i] = x
  }
  return new Uint8Array(words.buffer, 0, length)
}

function joinBytes(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}
