import { MosaikError } from '../../check/error.ts'
import type { Host } from './host.ts'

/** Calls that wait for the network: each ends by its deadline, its signal, or the close of the endpoint. */
export class PendingCalls {
  readonly #host: Host
  readonly #cuts = new Set<(reason: unknown) => void>()
  #closed: Error | undefined

  constructor(host: Host) {
    this.#host = host
  }

  /** Runs `work`, which can ask whether somebody still waits for it. */
  run<T>(what: string, ms: number, signal: AbortSignal | undefined, work: (isLive: () => boolean) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      signal?.throwIfAborted()
      if (this.#closed !== undefined) throw this.#closed
      let live = true
      const done = (): void => {
        live = false
        this.#cuts.delete(cut)
        this.#host.cancel(timer)
        signal?.removeEventListener('abort', onAbort)
      }
      const cut = (reason: unknown): void => {
        done()
        reject(reason)
      }
      const onAbort = (): void => cut(signal?.reason)
      const timer = this.#host.after(ms, 'timer', () => cut(new MosaikError('ERR_TIMEOUT', `${what}: no answer within ${ms} ms`)))
      this.#cuts.add(cut)
      signal?.addEventListener('abort', onAbort, { once: true })
      work(() => live).then(
        (value) => (done(), resolve(value)),
        (error: unknown) => (done(), reject(error)),
      )
    })
  }

  close(reason: Error): void {
    this.#closed = reason
    for (const cut of [...this.#cuts]) cut(reason)
  }
}
