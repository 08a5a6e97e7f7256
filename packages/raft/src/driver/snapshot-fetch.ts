import { blake3 } from '@noble/hashes/blake3.js'
import { compareBytes } from '@mosaik/core'
import type { Clock, Logger, PeerId } from '@mosaik/core'
import type { SnapshotMeta } from '../logic/snapshot.ts'
import { encodeSnapshotFrame, HASH_BYTES } from '../wire/snapshot-frames.ts'
import type { SnapshotFrame } from '../wire/snapshot-frames.ts'

/** Parts asked for at a time, over all sources. */
const WINDOW = 8
/** A source that has not answered for so long is passed over, ms. */
const ANSWER_MS = 5_000
/** So many failures of sources in a row, and the fetch is given up: the leader offers again. */
const MAX_FAILURES = 16

export interface FetchInit {
  readonly clock: Clock
  readonly logger: Logger
  readonly send: (peer: PeerId, bytes: Uint8Array) => boolean
  readonly peers: () => readonly PeerId[]
  readonly meta: SnapshotMeta
  /** Asked only where nobody else answers. */
  readonly leader: PeerId
  readonly onDone: (parts: readonly Uint8Array[]) => void
  readonly onFailed: () => void
}

interface Asked {
  readonly peer: PeerId
  readonly cancel: () => void
}

/** One state on its way here: parts from several members at once, each verified, failing sources replaced. */
export class Fetch {
  readonly #init: FetchInit
  #list: Uint8Array | undefined
  readonly #parts: (Uint8Array | undefined)[] = []
  readonly #asked = new Map<number, Asked>()
  readonly #passedOver = new Set<PeerId>()
  #missing: number[] = [0]
  #turn = 0
  #failures = 0
  #isOver = false

  constructor(init: FetchInit) {
    this.#init = init
    this.#ask()
  }

  answer(peer: PeerId, frame: Extract<SnapshotFrame, { type: 'part' | 'gone' }>): void {
    const asked = this.#asked.get(frame.part)
    if (this.#isOver || frame.index !== this.#init.meta.index || asked?.peer !== peer) return
    asked.cancel()
    this.#asked.delete(frame.part)
    if (frame.type === 'gone') return this.#failed(peer, frame.part, 'does not have it')
    if (!this.#isGenuine(frame.part, frame.bytes)) return this.#failed(peer, frame.part, 'sent what does not verify')
    this.#failures = 0
    this.#take(frame.part, frame.bytes)
  }

  stop(): void {
    this.#isOver = true
    for (const { cancel } of this.#asked.values()) cancel()
    this.#asked.clear()
  }

  #take(part: number, bytes: Uint8Array): void {
    this.#parts[part] = bytes
    if (part === 0) {
      this.#list = bytes
      this.#missing = Array.from({ length: bytes.byteLength / HASH_BYTES }, (_, i) => i + 1).reverse()
    }
    if (this.#missing.length > 0 || this.#asked.size > 0) return this.#ask()
    this.stop()
    this.#init.onDone(this.#parts as Uint8Array[])
  }

  #isGenuine(part: number, bytes: Uint8Array): boolean {
    if (part === 0) return bytes.byteLength % HASH_BYTES === 0 && Buffer.from(blake3(bytes)).toString('hex') === this.#init.meta.root
    const hash = this.#list?.subarray((part - 1) * HASH_BYTES, part * HASH_BYTES)
    return hash?.byteLength === HASH_BYTES && compareBytes(blake3(bytes), hash) === 0
  }

  #ask(): void {
    while (this.#asked.size < WINDOW && this.#missing.length > 0 && !this.#isOver) {
      const part = this.#missing.pop() as number
      const peer = this.#source()
      if (peer === undefined) return this.#giveUp('nobody is there to ask')
      const { clock, meta, send } = this.#init
      const cancel = clock.after(ANSWER_MS, () => {
        this.#asked.delete(part)
        this.#failed(peer, part, `has not answered for ${ANSWER_MS} ms`)
      })
      this.#asked.set(part, { peer, cancel })
      // What is lost on the way is noticed by the silence that follows.
      send(peer, encodeSnapshotFrame({ type: 'ask', index: meta.index, part }))
    }
  }

  /** In turns, the leader only when all others are passed over. */
  #source(): PeerId | undefined {
    const { leader, peers } = this.#init
    const all = peers()
    const others = all.filter((peer) => peer !== leader && !this.#passedOver.has(peer))
    if (others.length > 0) return others[this.#turn++ % others.length]
    return all.includes(leader) ? leader : all[this.#turn++ % Math.max(1, all.length)]
  }

  #failed(peer: PeerId, part: number, why: string): void {
    if (this.#isOver) return
    this.#init.logger.debug('part %d of the snapshot at %d: %s %s', part, this.#init.meta.index, peer, why)
    this.#passedOver.add(peer)
    this.#missing.push(part)
    if (++this.#failures >= MAX_FAILURES) return this.#giveUp(`${MAX_FAILURES} sources have failed, at last ${peer}, which ${why}`)
    this.#ask()
  }

  #giveUp(why: string): void {
    this.stop()
    this.#init.logger.warn('the snapshot at %d was not fetched: %s', this.#init.meta.index, why)
    this.#init.onFailed()
  }
}
