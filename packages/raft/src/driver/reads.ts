import { MosaikError } from '@mosaik/core'
import type { Clock } from '@mosaik/core'
import type { Event } from '../logic/events.ts'
import type { Index } from '../logic/types.ts'
import type { Probes } from './probes.ts'

/** Strong queries that may wait on one member; one more is refused. */
const MAX_READS = 65_536

export interface ReadsInit {
  readonly clock: Clock
  readonly submit: (event: Event) => void
  readonly missing: () => string
  readonly probes: Probes
  /** A query has come to nothing, or was not taken. */
  readonly onFailed: (error: unknown) => void
}

interface Read {
  readonly run: (index: Index) => void
  readonly reject: (error: unknown) => void
  readonly deadline: number
  /** The core is asking for a position; otherwise it waits for a leader. */
  isAsked: boolean
}

/** Linearizable reads that wait for their position. Refused ones are asked again until their deadline: a read can be repeated. */
export class Reads {
  readonly #init: ReadsInit
  readonly #reads = new Map<number, Read>()
  #next = 1
  #isLed = false
  #error: Error | undefined

  constructor(init: ReadsInit) {
    this.#init = init
  }

  get size(): number {
    return this.#reads.size
  }

  /** Runs `query` once this member's state is at least as new as everything acknowledged before this call. */
  read<R>(
    query: (index: Index) => R,
    { timeout, signal }: { readonly timeout: number; readonly signal?: AbortSignal | undefined },
  ): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const { probes, onFailed } = this.#init
      const refusal = this.#refusal(signal)
      if (refusal !== undefined) {
        onFailed(refusal.error)
        return reject(refusal.error)
      }
      const id = this.#next++
      let done: (() => void) | undefined // as with calls
      if (signal !== undefined) {
        const onAbort = (): void => {
          this.#reads.delete(id)
          this.#init.submit({ type: 'cancel-read', id })
          onFailed(signal.reason)
          reject(signal.reason)
        }
        signal.addEventListener('abort', onAbort, { once: true })
        done = () => signal.removeEventListener('abort', onAbort)
      }
      const read: Read = {
        run: (index) => {
          done?.()
          try {
            resolve(query(index))
          } catch (error) {
            reject(error)
          }
        },
        reject: (error) => (done?.(), onFailed(error), reject(error)),
        deadline: this.#init.clock.monotonic() + timeout,
        isAsked: false,
      }
      this.#reads.set(id, read)
      probes.begin(id)
      if (this.#isLed) this.#ask(id, read)
    })
  }

  /** Why a query is not taken, if it is not. */
  #refusal(signal: AbortSignal | undefined): { readonly error: unknown } | undefined {
    if (signal?.aborted === true) return { error: signal.reason }
    if (this.#error !== undefined) return { error: this.#error }
    if (this.#reads.size < MAX_READS) return undefined
    return { error: new MosaikError('ERR_OFFLINE', `${MAX_READS} strong queries wait for this group already; wait for some of them`) }
  }

  led(isLed: boolean): void {
    this.#isLed = isLed
    if (isLed) for (const [id, read] of this.#reads) if (!read.isAsked) this.#ask(id, read)
  }

  ready(id: number, index: Index): void {
    const read = this.#reads.get(id)
    this.#reads.delete(id)
    if (read === undefined) return
    this.#init.probes.met(id)
    read.run(index)
  }

  refused(id: number): void {
    const read = this.#reads.get(id)
    if (read !== undefined) read.isAsked = false
  }

  tick(): void {
    if (this.size === 0) return
    const now = this.#init.clock.monotonic()
    for (const [id, read] of this.#reads) {
      if (now >= read.deadline) {
        this.#reads.delete(id)
        this.#init.submit({ type: 'cancel-read', id })
        read.reject(new MosaikError('ERR_OFFLINE', `the query was not answered in time: ${this.#init.missing()}`))
      } else if (!read.isAsked && this.#isLed) this.#ask(id, read)
    }
  }

  fail(error: Error): void {
    this.#error = error
    for (const read of this.#reads.values()) read.reject(error)
    this.#reads.clear()
  }

  /** The core is another one, which has been asked nothing yet. */
  restart(): void {
    this.#isLed = false
    for (const read of this.#reads.values()) read.isAsked = false
  }

  #ask(id: number, read: Read): void {
    read.isAsked = true
    this.#init.submit({ type: 'read', id })
  }
}
