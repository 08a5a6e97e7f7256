import type { Clock, Logger, PeerId } from '@mosaik/core'
import type { Index } from '../logic/types.ts'
import { encodeSnapshotFrame } from '../wire/snapshot-frames.ts'
import type { HeldState } from './held-state.ts'
import type { Turns } from './turns.ts'

/** Chunks that have just been made, for others who want the same. */
const CACHED = 16
/** Questions that wait, of all peers and of one; one more is told to ask somebody else. */
const MAX_WAITING = 256
const MAX_WAITING_OF_PEER = 32
/** Older snapshots that are kept; one more, and the one that was not asked for the longest time goes. */
const MAX_OLDER = 3

export interface SnapshotServerInit {
  readonly clock: Clock
  readonly logger: Logger
  readonly turns: Turns
  /** How long an older snapshot stays after it was last asked for, ms. */
  readonly ttl: number
  readonly send: (peer: PeerId, bytes: Uint8Array) => boolean
  readonly onServed: (bytes: number) => void
}

interface Offered {
  readonly state: HeldState
  /** Ends its time; undefined for the newest, which stays. */
  cancel: (() => void) | undefined
  /** -1: never. */
  askedAt: number
}

interface Question {
  readonly peer: PeerId
  readonly index: Index
  readonly part: number
}

/** Hands out the parts of settled snapshots, one in a turn of the event loop. */
export class SnapshotServer {
  readonly #init: SnapshotServerInit
  /** By index, oldest first. */
  readonly #offered = new Map<Index, Offered>()
  readonly #cache = new Map<string, Uint8Array>()
  readonly #waiting: Question[] = []
  #isServing = false

  constructor(init: SnapshotServerInit) {
    this.#init = init
  }

  /** From now on the newest; who is fetching an older one may finish. */
  offer(index: Index, state: HeldState): void {
    this.#drop(index)
    if (this.#offered.size > MAX_OLDER) this.#drop(this.#leastWanted())
    for (const [older, { cancel }] of this.#offered) if (cancel === undefined) this.#keepOnFor(older)
    this.#offered.set(index, { state, cancel: undefined, askedAt: -1 })
  }

  ask(peer: PeerId, index: Index, part: number): void {
    const isTooMuch = this.#waiting.length >= MAX_WAITING || this.#waitingOf(peer) >= MAX_WAITING_OF_PEER
    const offered = this.#offered.get(index)
    if (isTooMuch || offered === undefined) return this.#refuse({ peer, index, part })
    this.#waiting.push({ peer, index, part })
    offered.askedAt = this.#init.clock.monotonic()
    if (offered.cancel !== undefined) this.#keepOnFor(index)
    if (!this.#isServing) void this.#serve()
  }

  close(): void {
    this.#waiting.length = 0
    for (const index of this.#offered.keys()) this.#drop(index)
    this.#cache.clear()
  }

  async #serve(): Promise<void> {
    this.#isServing = true
    for (;;) {
      const question = this.#waiting.shift()
      if (question === undefined) break
      await this.#init.turns.next()
      try {
        this.#answer(question)
      } catch (error) {
        this.#init.logger.error('part %d of the snapshot at %d could not be made: %o', question.part, question.index, error)
        this.#refuse(question)
      }
    }
    this.#isServing = false
  }

  #answer(question: Question): void {
    const { peer, index, part } = question
    const bytes = this.#part(index, part)
    if (bytes === undefined) return this.#refuse(question)
    // What is lost on the way is noticed by the silence that follows.
    if (this.#init.send(peer, encodeSnapshotFrame({ type: 'part', index, part, bytes }))) this.#init.onServed(bytes.byteLength)
  }

  #part(index: Index, part: number): Uint8Array | undefined {
    const state = this.#offered.get(index)?.state
    if (state === undefined || part === 0) return state?.hashes
    const name = `${index} ${part}`
    const bytes = this.#cache.get(name) ?? state.chunk(part - 1)
    if (bytes === undefined) return undefined
    this.#cache.delete(name)
    this.#cache.set(name, bytes)
    for (const oldest of this.#cache.keys()) if (this.#cache.size > CACHED) this.#cache.delete(oldest)
    return bytes
  }

  #waitingOf(peer: PeerId): number {
    let count = 0
    for (const question of this.#waiting) if (question.peer === peer) count++
    return count
  }

  #refuse({ peer, index, part }: Question): void {
    this.#init.send(peer, encodeSnapshotFrame({ type: 'gone', index, part }))
  }

  #keepOnFor(index: Index): void {
    const offered = this.#offered.get(index)
    if (offered === undefined) return
    offered.cancel?.()
    offered.cancel = this.#init.clock.after(this.#init.ttl, () => this.#drop(index))
  }

  /** Of all that are there, the oldest of those that were not asked for the longest time. */
  #leastWanted(): Index {
    const [first, ...others] = [...this.#offered]
    return others.reduce((least, each) => (each[1].askedAt < least[1].askedAt ? each : least), first as [Index, Offered])[0]
  }

  #drop(index: Index): void {
    const offered = this.#offered.get(index)
    if (offered === undefined) return
    offered.cancel?.()
    this.#offered.delete(index)
    for (const name of this.#cache.keys()) if (name.startsWith(`${index} `)) this.#cache.delete(name)
  }
}
