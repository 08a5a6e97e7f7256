import { blake3 } from '@noble/hashes/blake3.js'
import { canonical, MosaikError } from '@mosaik/core'
import type { Clock, Logger, PeerId } from '@mosaik/core'
import type { SnapshotMeta } from '../logic/snapshot.ts'
import type { Index } from '../logic/types.ts'
import type { LogStore } from '../storage/types.ts'
import { plain } from '../wire/shape.ts'
import { decodeSnapshotFrame, encodeSnapshotFrame, HASH_BYTES, MAX_PARTS, PART_BYTES } from '../wire/snapshot-frames.ts'
import type { SnapshotFrame } from '../wire/snapshot-frames.ts'
import { Fetch } from './snapshot-fetch.ts'

/** Own snapshots kept while their root is not settled. */
const MAX_HELD = 4
const NOBODYS = '0000000000000000'

export interface SnapshotExchangeInit {
  readonly clock: Clock
  readonly logger: Logger
  readonly store: LogStore
  readonly send: (peer: PeerId, bytes: Uint8Array) => boolean
  /** Whose snapshots these are: another life of this node must not go on from them. */
  readonly incarnation: () => string | undefined
  /** Who may have a snapshot. */
  readonly peers: () => readonly PeerId[]
}

export interface FetchListener {
  /** Fetched, verified, and stored in place of the log. */
  onDone(state: Uint8Array): void
  onFailed(): void
}

/** A state in parts, with the list of their hashes in front: every part can be verified under the root alone. */
export interface PartedState {
  readonly root: string
  readonly parts: readonly Uint8Array[]
}

export function inParts(state: Uint8Array): PartedState {
  const parts: Uint8Array[] = []
  for (let at = 0; at < state.byteLength || at === 0; at += PART_BYTES) parts.push(state.subarray(at, at + PART_BYTES))
  if (parts.length > MAX_PARTS) throw new MosaikError('ERR_TOO_LARGE', `a state of ${state.byteLength} bytes is too large for a snapshot`)
  const list = new Uint8Array(parts.length * HASH_BYTES)
  parts.forEach((part, i) => list.set(blake3(part), i * HASH_BYTES))
  return { root: Buffer.from(blake3(list)).toString('hex'), parts: [list, ...parts] }
}

/** Takes part in handing states from member to member: keeps the own ones, serves the settled one, fetches from others. */
export class SnapshotExchange {
  readonly #init: SnapshotExchangeInit
  readonly #held = new Map<Index, PartedState>()
  #settled: { readonly index: Index; readonly state: PartedState } | undefined
  #fetch: Fetch | undefined
  #saves: Promise<void> = Promise.resolve()

  constructor(init: SnapshotExchangeInit) {
    this.#init = init
  }

  /** An own snapshot, until it is known whether it is everyone's. Answers its root. */
  hold({ index }: SnapshotMeta, state: Uint8Array): string {
    const parted = inParts(state)
    this.#held.set(index, parted)
    for (const oldest of this.#held.keys()) if (this.#held.size > MAX_HELD) this.#held.delete(oldest)
    return parted.root
  }

  /** A majority has this root: it is stored, and served. */
  async settle(meta: SnapshotMeta): Promise<void> {
    const state = this.#held.get(meta.index)
    if (state === undefined) return
    for (const index of this.#held.keys()) if (index <= meta.index) this.#held.delete(index)
    this.#settled = { index: meta.index, state }
    await this.#save(meta, state.parts)
  }

  /** Reads the state that the store holds. */
  async installStored(install: (state: Uint8Array) => void): Promise<void> {
    const { snapshot } = this.#init.store
    if (snapshot === undefined) return
    const parts: Uint8Array[] = []
    for await (const part of this.#init.store.readSnapshot(1)) parts.push(part)
    const bytes = Buffer.concat(parts)
    this.#settled = { index: snapshot.at.index, state: inParts(bytes) }
    install(bytes)
  }

  /** Fetches a state that a majority has vouched for. One at a time: another one takes the place of the one before. */
  fetch(meta: SnapshotMeta, leader: PeerId, listener: FetchListener): void {
    this.#fetch?.stop()
    this.#fetch = new Fetch({
      ...this.#init,
      meta,
      leader,
      onDone: (parts) => {
        this.#fetch = undefined
        this.#settled = { index: meta.index, state: { root: meta.root, parts } }
        const reset = { term: meta.term, index: meta.index }
        this.#save(meta, parts, reset).then(
          () => listener.onDone(Buffer.concat(parts.slice(1))),
          (error: unknown) => {
            this.#init.logger.error('a fetched snapshot could not be stored: %o', error)
            listener.onFailed()
          },
        )
      },
      onFailed: () => {
        this.#fetch = undefined
        listener.onFailed()
      },
    })
  }

  /** Throws `ERR_PROTOCOL`. */
  receive(peer: PeerId, bytes: Uint8Array): void {
    const frame = decodeSnapshotFrame(bytes)
    if (frame.type === 'ask') this.#serve(peer, frame)
    else this.#fetch?.answer(peer, frame)
  }

  /** Another life begins, with nothing. Resolves when nothing of this one is on its way to the store. */
  async reset(): Promise<void> {
    this.close()
    this.#fetch = undefined
    await this.#saves
  }

  close(): void {
    this.#fetch?.stop()
    this.#held.clear()
    this.#settled = undefined
  }

  #serve(peer: PeerId, { index, part }: Extract<SnapshotFrame, { type: 'ask' }>): void {
    const found = this.#settled?.index === index ? this.#settled.state.parts[part] : undefined
    const answer: SnapshotFrame = found === undefined ? { type: 'gone', index, part } : { type: 'part', index, part, bytes: found }
    this.#init.send(peer, encodeSnapshotFrame(answer))
  }

  /** One after the other, as the store wants it. */
  #save(meta: SnapshotMeta, chunks: readonly Uint8Array[], reset?: { readonly term: number; readonly index: Index }): Promise<void> {
    const { store, incarnation } = this.#init
    const at = { term: meta.term, index: meta.index }
    const stored = canonical(plain({ incarnation: incarnation() ?? NOBODYS, snapshot: meta }))
    const save = async (): Promise<void> => {
      await store.saveSnapshot({ at, meta: stored, chunks }, reset === undefined ? undefined : { reset })
    }
    const saved = this.#saves.then(save)
    this.#saves = saved.catch(() => {}) // whoever asked is told
    return saved
  }
}
