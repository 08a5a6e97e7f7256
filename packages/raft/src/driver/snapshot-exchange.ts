import { canonical, MosaikError } from '@mosaik/core'
import type { Clock, Logger, PeerId } from '@mosaik/core'
import type { SyncSettings } from '../config.ts'
import type { SnapshotMeta } from '../logic/snapshot.ts'
import type { Index } from '../logic/types.ts'
import type { LogStore } from '../storage/types.ts'
import type { SnapshotSource } from '../types.ts'
import { plain } from '../wire/shape.ts'
import { decodeSnapshotFrame } from '../wire/snapshot-frames.ts'
import { holdState } from './held-state.ts'
import type { HeldState } from './held-state.ts'
import { Fetch } from './snapshot-fetch.ts'
import type { Progress } from './snapshot-fetch.ts'
import { Intake } from './snapshot-intake.ts'
import type { StateReceiver } from './snapshot-intake.ts'
import { SnapshotServer } from './snapshot-server.ts'
import type { Turns } from './turns.ts'

/** Own snapshots kept while their root is not settled, and views that wait to be hashed. */
const MAX_HELD = 4
const NOBODYS = '0000000000000000'

export interface SnapshotExchangeInit {
  readonly clock: Clock
  readonly logger: Logger
  readonly turns: Turns
  readonly sync: SyncSettings
  readonly store: LogStore
  readonly send: (peer: PeerId, bytes: Uint8Array) => boolean
  /** Whose snapshots these are: another life of this node must not go on from them. */
  readonly incarnation: () => string | undefined
  /** Who may have a snapshot. */
  readonly peers: () => readonly PeerId[]
  /** Asked only where nobody else answers. */
  readonly leader: () => PeerId | undefined
  /** Builds a state beside the machine's. */
  readonly receiver: () => StateReceiver
}

export interface FetchListener {
  /** It is the machine's state from now on; nothing of it is stored yet. */
  onSwapped(): void
  /** It is stored in place of the log. */
  onDone(): void
  /** Nobody has it (any more). */
  onGivenUp(): void
  /** The group cannot go on here. */
  onError(error: Error): void
}

/** An own snapshot, hashed. */
export interface TakenSnapshot {
  readonly root: string
  /** How many it has: how much work that was. */
  readonly chunks: number
}

/** What an exchange has done so far. */
export interface SnapshotCounts {
  taken: number
  installed: number
  chunksServed: number
  bytesServed: number
  bytesFetched: number
  /** Parts that did not verify. */
  partsRefused: number
}

/** Takes part in handing states from member to member: hashes and keeps the own ones, serves the settled ones, fetches from others. */
export class SnapshotExchange {
  readonly counts: SnapshotCounts = { taken: 0, installed: 0, chunksServed: 0, bytesServed: 0, bytesFetched: 0, partsRefused: 0 }
  readonly #init: SnapshotExchangeInit
  readonly #server: SnapshotServer
  readonly #held = new Map<Index, HeldState>()
  #life = new AbortController()
  #fetch: Fetch | undefined
  /** Of a fetch that was given up. */
  #left: { readonly meta: SnapshotMeta; readonly progress: Progress } | undefined
  #hashing: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #saves: Promise<void> = Promise.resolve()

  constructor(init: SnapshotExchangeInit) {
    this.#init = init
    this.#server = new SnapshotServer({
      ...init,
      ttl: init.sync.snapshotTtl,
      onServed: (bytes) => {
        this.counts.chunksServed++
        this.counts.bytesServed += bytes
      },
    })
  }

  /**
   * An own snapshot, from the views of its sections, hashed after those before it; kept until it is known whether it is everyone's.
   * Undefined when this life is over first, or when too many wait already. Throws `ERR_GROUP_FAILED`.
   */
  take({ index }: SnapshotMeta, sections: readonly SnapshotSource[]): Promise<TakenSnapshot | undefined> {
    if (this.#waiting >= MAX_HELD) {
      this.#init.logger.warn('no snapshot is taken at %d: %d others are still being hashed', index, this.#waiting)
      return Promise.resolve(undefined)
    }
    this.#waiting++
    const { signal } = this.#life
    const work = this.#hashing.then(() => this.#hold(index, sections, signal)).finally(() => this.#waiting--)
    this.#hashing = work.catch(() => {}) // whoever asked is told
    return work
  }

  /** A majority has this root: it is served, and stored. */
  async settle(meta: SnapshotMeta): Promise<void> {
    const state = this.#held.get(meta.index)
    if (state === undefined) return
    for (const index of this.#held.keys()) if (index <= meta.index) this.#held.delete(index)
    if (this.#left !== undefined && this.#left.meta.index <= meta.index) this.#left = undefined
    this.#server.offer(meta.index, state)
    await this.#save(meta, state)
  }

  /** Installs the state that the store holds, a chunk in a turn. Throws `ERR_STORAGE` when it is not what it was. */
  async installStored(meta: SnapshotMeta): Promise<void> {
    const { store, turns, receiver, sync } = this.#init
    const intake = new Intake(receiver(), sync.fetchBatchSize)
    try {
      for await (const chunk of store.readSnapshot()) {
        await turns.next()
        intake.add(chunk)
      }
      if (intake.root !== meta.root) throw new MosaikError('ERR_STORAGE', `it has the root ${intake.root} instead of ${meta.root}`)
      this.#server.offer(meta.index, intake.commit())
    } catch (cause) {
      if (MosaikError.is(cause, 'ERR_GROUP_FAILED')) throw cause
      throw new MosaikError('ERR_STORAGE', `the snapshot at ${meta.index} in the store cannot be installed: ${String(cause)}`, { cause })
    }
  }

  /** Fetches a state that a majority has vouched for. One at a time: another one takes the place of the one before. */
  fetch(meta: SnapshotMeta, listener: FetchListener): void {
    this.#fetch?.stop()
    const { sync, receiver } = this.#init
    const left = this.#left?.meta.root === meta.root && this.#left.meta.index === meta.index ? this.#left.progress : undefined
    const progress = left ?? { intake: new Intake(receiver(), sync.fetchBatchSize), hashes: undefined }
    this.#left = { meta, progress }
    const { signal } = this.#life
    this.#fetch = new Fetch({
      ...this.#init,
      meta,
      progress,
      onVerified: (bytes) => void (this.counts.bytesFetched += bytes),
      onRefused: (peer) => {
        this.counts.partsRefused++
        this.#init.logger.warn('a part of the snapshot at %d from %s does not verify', meta.index, peer)
      },
      onDone: () => {
        this.#fetch = undefined
        this.#left = undefined
        this.#install(meta, progress.intake, listener).catch((error: unknown) => {
          if (!signal.aborted) listener.onError(failure(meta, error))
        })
      },
      onGivenUp: () => {
        this.#fetch = undefined
        listener.onGivenUp()
      },
      onError: (error) => listener.onError(failure(meta, error)),
    })
  }

  /** Throws `ERR_PROTOCOL`. */
  receive(peer: PeerId, bytes: Uint8Array): void {
    const frame = decodeSnapshotFrame(bytes)
    if (frame.type === 'ask') this.#server.ask(peer, frame.index, frame.part)
    else this.#fetch?.answer(peer, frame)
  }

  /** Another life begins, with nothing. Resolves when nothing of this one is on its way to the store. */
  async reset(): Promise<void> {
    this.close()
    this.#life = new AbortController()
    await this.#saves
  }

  close(): void {
    this.#life.abort(new MosaikError('ERR_CLOSED', 'this life of the member is over'))
    this.#fetch?.stop()
    this.#fetch = undefined
    this.#left = undefined
    this.#held.clear()
    this.#server.close()
  }

  async #hold(index: Index, sections: readonly SnapshotSource[], signal: AbortSignal): Promise<TakenSnapshot | undefined> {
    const { sync, turns } = this.#init
    try {
      const state = await holdState(sections, sync.fetchBatchSize, { turns, signal })
      this.#held.set(index, state)
      for (const oldest of this.#held.keys()) if (this.#held.size > MAX_HELD) this.#held.delete(oldest)
      this.counts.taken++
      return { root: state.root, chunks: state.count }
    } catch (error) {
      if (signal.aborted) return undefined
      throw error
    }
  }

  async #install(meta: SnapshotMeta, intake: Intake, listener: FetchListener): Promise<void> {
    const state = intake.commit()
    this.counts.installed++
    listener.onSwapped()
    this.#server.offer(meta.index, state)
    await this.#save(meta, state, { term: meta.term, index: meta.index })
    listener.onDone()
  }

  /** One after the other, as the store wants it. A store that forgets when it is closed is not given the state: nobody would read it. */
  #save(meta: SnapshotMeta, state: HeldState, reset?: { readonly term: number; readonly index: Index }): Promise<void> {
    const { store, turns, incarnation } = this.#init
    const { signal } = this.#life
    const at = { term: meta.term, index: meta.index }
    const stored = canonical(plain({ incarnation: incarnation() ?? NOBODYS, snapshot: meta }))
    const save = async (): Promise<void> => {
      if (signal.aborted) return
      const chunks = store.durable ? until(signal, state.chunks(turns)) : []
      try {
        await store.saveSnapshot({ at, meta: stored, chunks }, reset === undefined ? undefined : { reset })
      } catch (error) {
        if (!signal.aborted) throw error
      }
    }
    const saved = this.#saves.then(save)
    this.#saves = saved.catch(() => {}) // whoever asked is told
    return saved
  }
}

async function* until(signal: AbortSignal, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    signal.throwIfAborted()
    yield chunk
  }
}

function failure({ index }: SnapshotMeta, cause: unknown): MosaikError {
  if (MosaikError.is(cause, 'ERR_GROUP_FAILED') || MosaikError.is(cause, 'ERR_STORAGE')) return cause
  return new MosaikError('ERR_GROUP_FAILED', `the snapshot at ${index} cannot be installed: ${String(cause)}`, { cause })
}
