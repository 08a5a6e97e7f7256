import { MosaikError } from '@mosaik/core'
import type { Clock, Codec } from '@mosaik/core'
import { mayTake } from '../logic/fanout.ts'
import type { Lagging, Sent } from '../types.ts'
import { MAX_DATUM_BYTES, StreamCloseReasons } from '../wire/protocol.ts'
import type { Outlet } from './outlet.ts'

/** A consumer that alone holds up a waiting `send` for so long is cut off under `disconnect`. */
export const STALL_MS = 10_000

export interface FanoutOptions {
  readonly what: string
  readonly codec: Codec<unknown>
  readonly lagging: Lagging
  readonly clock: Clock
  readonly isOnline: () => boolean
  /** Gets what matched nobody. Must not throw. */
  readonly undelivered: (datum: unknown) => void
}

/** A `send` that could not be taken yet. */
interface Waiting {
  readonly datum: unknown
  readonly bytes: Uint8Array
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

const DONE: Promise<void> = Promise.resolve()
const OK: Sent<never> = Object.freeze({ ok: true })

/**
 * From one `send` to many outlets. A datum is encoded once; then either every outlet it concerns is decided in the same
 * step, or the send waits, and those after it wait behind it.
 */
export class Fanout {
  datums = 0
  bytes = 0
  dropped = 0
  readonly #options: FanoutOptions
  /** Replaced, never changed: whoever goes through it is not disturbed. */
  #outlets: readonly Outlet[] = []
  /** Some of them do not want everything. */
  #selective = false
  readonly #waiting = new Set<Waiting>()
  #cancelStall: (() => void) | undefined
  #settling = false
  #closed: MosaikError | undefined

  constructor(options: FanoutOptions) {
    this.#options = options
  }

  get outlets(): readonly Outlet[] {
    return this.#outlets
  }

  add(outlet: Outlet): void {
    this.#setOutlets([...this.#outlets, outlet])
  }

  remove(outlet: Outlet): void {
    this.#setOutlets(this.#outlets.filter((other) => other !== outlet))
  }

  send(datum: unknown, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    if (this.#closed !== undefined) return Promise.reject(this.#refusal(datum))
    try {
      const bytes = this.#encode(datum)
      // The codec is the application's: it may have closed the producer, or cut this short.
      if (this.#closed !== undefined) throw this.#refusal(datum)
      signal?.throwIfAborted()
      if (this.#waiting.size === 0 && this.#options.isOnline() && this.#take(datum, bytes)) return DONE
      return this.#wait(datum, bytes, signal)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  trySend(datum: unknown): Sent<unknown> {
    if (this.#closed !== undefined) return { ok: false, reason: 'closed', datum }
    const bytes = this.#encode(datum)
    if (this.#closed !== undefined) return { ok: false, reason: 'closed', datum }
    if (!this.#options.isOnline()) return { ok: false, reason: 'offline', datum }
    return this.#waiting.size === 0 && this.#take(datum, bytes) ? OK : { ok: false, reason: 'full', datum }
  }

  /** Takes what waits, as far as it goes: something changed that sends wait for. */
  settle(): void {
    if (this.#settling || this.#closed !== undefined) return
    this.#settling = true
    for (const waiting of this.#waiting) {
      if (!this.#options.isOnline() || !this.#take(waiting.datum, waiting.bytes)) break
      this.#stopStall()
      this.#waiting.delete(waiting)
      waiting.resolve()
    }
    this.#settling = false
    this.#watchStall()
  }

  /** Rejects what waits and takes nothing more. */
  close(): void {
    if (this.#closed !== undefined) return
    this.#closed = new MosaikError('ERR_CLOSED', `the ${this.#options.what} is closed`)
    this.#stopStall()
    for (const { datum, reject } of this.#waiting) reject(this.#refusal(datum))
    this.#waiting.clear()
  }

  /** False: it has to wait. Otherwise it is in every queue where it belongs, and whoever had no room lags. */
  #take(datum: unknown, bytes: Uint8Array): boolean {
    const outlets = this.#outlets
    const matching = this.#selective ? outlets.filter((outlet) => outlet.matches?.(datum) ?? true) : outlets
    if (!mayTake(this.#options.lagging, matching)) return false
    if (matching.length === 0) {
      this.#options.undelivered(datum)
      return true
    }
    for (const outlet of matching) if (!outlet.push(bytes)) this.#lag(outlet)
    this.datums += 1
    this.bytes += bytes.length
    return true
  }

  #setOutlets(outlets: readonly Outlet[]): void {
    this.#outlets = outlets
    this.#selective = outlets.some((outlet) => outlet.matches !== undefined)
  }

  #lag(outlet: Outlet): void {
    if (this.#options.lagging === 'drop') {
      this.dropped += 1
      return outlet.miss()
    }
    void outlet.end({ ...StreamCloseReasons.TooSlow, detail: 'its queue was full when a datum was sent' })
  }

  #wait(datum: unknown, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => signal?.removeEventListener('abort', onAbort)
      const waiting: Waiting = {
        datum,
        bytes,
        resolve: () => (stop(), resolve()),
        reject: (reason) => (stop(), reject(reason)),
      }
      const onAbort = (): void => {
        this.#waiting.delete(waiting)
        waiting.reject(signal?.reason)
        this.settle()
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(waiting)
      this.#watchStall()
    })
  }

  /** Runs while a send waits for room: under `disconnect`, who keeps everyone waiting does not do so for ever. */
  #watchStall(): void {
    const blocked = this.#options.lagging === 'disconnect' && this.#waiting.size > 0 && this.#options.isOnline()
    if (!blocked) return this.#stopStall()
    this.#cancelStall ??= this.#options.clock.after(STALL_MS, () => {
      this.#cancelStall = undefined
      this.#cutStalled()
    })
  }

  #stopStall(): void {
    this.#cancelStall?.()
    this.#cancelStall = undefined
  }

  #cutStalled(): void {
    for (const { datum } of this.#waiting) {
      const stalled = this.#outlets.filter((outlet) => !outlet.hasRoom && (outlet.matches?.(datum) ?? true))
      const reason = { ...StreamCloseReasons.TooSlow, detail: `no room for ${STALL_MS / 1000} s while a send waited` }
      for (const outlet of stalled) void outlet.end(reason)
      break
    }
    this.settle()
  }

  #encode(datum: unknown): Uint8Array {
    const bytes = this.#options.codec.encode(datum)
    if (bytes.length <= MAX_DATUM_BYTES) return bytes
    throw new MosaikError('ERR_TOO_LARGE', `the datum has ${bytes.length} bytes encoded; at most ${MAX_DATUM_BYTES} can be sent`, { datum })
  }

  #refusal(datum: unknown): MosaikError {
    return new MosaikError('ERR_CLOSED', `the ${this.#options.what} is closed; the datum was not sent`, { datum })
  }
}
