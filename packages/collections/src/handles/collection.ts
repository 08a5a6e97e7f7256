import { check, MosaikError } from '@mosaik/core'
import type { StoreId, WaitOptions } from '@mosaik/core'
import type { CallOptions } from '@mosaik/raft'
import type { Replica } from '../driver/replica.ts'
import { outcomeOf } from '../machines/index.ts'
import type { Change, Collection, CollectionConditions, CollectionGroup, Committed, Version } from '../types/index.ts'
import { ChangeReader } from './change-reader.ts'
import { groupView } from './group-view.ts'
import { handBack } from './hand-back.ts'

/** One handle's share in a replica. */
export interface Place<State> {
  readonly id: StoreId
  readonly replica: Replica<State>
  /** Called once. */
  release(): Promise<void>
}

/** What all handles have in common. A writer's methods are one line each: what is sent, and what an error hands back. */
export abstract class CollectionHandle<State extends { snapshot(): S }, S, C extends Change> implements Collection<S, C> {
  readonly id: StoreId
  readonly group: CollectionGroup
  readonly when: CollectionConditions
  readonly #place: Place<State>
  readonly #closed = new AbortController()
  readonly #readers = new Set<ChangeReader>()
  #closing: Promise<void> | undefined

  constructor(place: Place<State>) {
    this.id = place.id
    this.#place = place
    this.group = groupView(place.replica.group)
    this.when = this.#conditions(place.replica)
  }

  get version(): Version {
    return this.#place.replica.version
  }
  get isOnline(): boolean {
    return this.#closing === undefined && this.#place.replica.isOnline
  }

  snapshot(): S {
    return this.state.snapshot()
  }

  changes(options: WaitOptions = {}): AsyncIterable<C> {
    const reader = new ChangeReader(this.#place.replica.changes(options), () => this.#readers.delete(reader))
    this.#readers.add(reader)
    if (this.#closing !== undefined) void reader.return()
    return reader as AsyncIterable<Change> as AsyncIterable<C>
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#closing = promise // first: what hears of the end may close it too
      this.#closed.abort(closed())
      for (const reader of [...this.#readers]) void reader.return()
      resolve(this.#place.release())
    }
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  protected get state(): State {
    return this.#place.replica.machine.state
  }

  /** Sends one write; `given` is what an error hands back. */
  protected async send<R>(method: string, args: readonly unknown[], given: unknown, options?: CallOptions): Promise<Committed<R>> {
    const { group } = this.#place.replica
    try {
      this.#assertOpen()
      const { index, reply } = await group.execute({ method, args }, options)
      const outcome = outcomeOf(reply)
      if ('refused' in outcome)
        throw new MosaikError('ERR_INVALID_DATUM', `the members of this collection refuse ${method}: ${outcome.refused}`)
      return { version: { lineage: this.version.lineage, index }, result: outcome.result as R }
    } catch (error) {
      throw handBack(error, given)
    }
  }

  /** Sends a write of several, unless there are none: then `nothing` is the result at once. */
  protected async sendAll<R>(method: string, items: Iterable<unknown>, nothing: () => R, options?: CallOptions): Promise<Committed<R>> {
    const list = [...items]
    if (list.length > 0) return this.send<R>(method, [list], list, options)
    options?.signal?.throwIfAborted()
    this.#assertOpen()
    return { version: this.version, result: nothing() }
  }

  /** Until `holds`, which is asked after everything that happens. Rejects when this handle is closed. */
  protected until(holds: () => boolean, options: WaitOptions = {}): Promise<void> {
    return this.#place.replica.until(holds, this.#bounded(options))
  }

  #conditions(replica: Replica<State>): CollectionConditions {
    return {
      online: (wait) => this.until(() => replica.isOnline, wait),
      offline: (wait) => this.until(() => !replica.isOnline, wait),
      updated: (wait) => {
        const before = replica.version
        return this.until(() => replica.version.index !== before.index || replica.version.lineage !== before.lineage, wait)
      },
      reaches: async (version, wait = {}) => replica.reaches(checkVersion(version), this.#bounded(wait)),
    }
  }

  #bounded({ signal }: WaitOptions): { readonly signal: AbortSignal } {
    return { signal: signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal]) }
  }

  #assertOpen(): void {
    const { ended } = this.#place.replica
    if (ended !== undefined) throw ended
    if (this.#closing !== undefined) throw closed()
  }
}

function closed(): MosaikError {
  return new MosaikError('ERR_CLOSED', 'this handle of the collection was closed')
}

function checkVersion(given: Version | Committed<unknown>): Version {
  const version = typeof given === 'object' && given !== null && 'version' in given ? given.version : given
  const { lineage, index } = check.options('version', version)
  return {
    lineage: check.text<string>('version.lineage', lineage) as Version['lineage'],
    index: check.integer('version.index', index, { min: 0 }),
  }
}
