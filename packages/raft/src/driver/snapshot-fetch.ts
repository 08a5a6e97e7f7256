import { compareBytes } from '@mosaik/core'
import type { Clock, Logger, PeerId } from '@mosaik/core'
import type { SyncSettings } from '../config.ts'
import type { SnapshotMeta } from '../logic/snapshot.ts'
import { hashOf } from '../wire/chunks.ts'
import { encodeSnapshotFrame, HASH_BYTES } from '../wire/snapshot-frames.ts'
import type { SnapshotFrame } from '../wire/snapshot-frames.ts'
import { rootOf } from './held-state.ts'
import type { Intake } from './snapshot-intake.ts'
import { SnapshotSources } from './snapshot-sources.ts'
import type { Turns } from './turns.ts'

/** Parts asked for at a time, of all sources; half as many after one that does not come in time, one more after as many that do. */
const WINDOW = 8
/** Parts that may wait for one before them. */
const MAX_AHEAD = 16
/** How long it waits for somebody to come whom it could ask, ms. */
const LONELY_MS = 200

/** How far a fetch has come; another one of the same snapshot can go on from there. */
export interface Progress {
  readonly intake: Intake
  /** The hashes of the chunks; undefined until they have come. */
  hashes: Uint8Array | undefined
}

export interface FetchInit {
  readonly clock: Clock
  readonly logger: Logger
  readonly turns: Turns
  readonly sync: SyncSettings
  readonly send: (peer: PeerId, bytes: Uint8Array) => boolean
  readonly peers: () => readonly PeerId[]
  readonly leader: () => PeerId | undefined
  readonly meta: SnapshotMeta
  readonly progress: Progress
  readonly onVerified: (bytes: number) => void
  /** A part did not verify. */
  readonly onRefused: (peer: PeerId) => void
  readonly onDone: () => void
  /** Nobody has it (any more). */
  readonly onGivenUp: () => void
  /** What was verified cannot be taken in. */
  readonly onError: (error: unknown) => void
}

interface Asked {
  readonly peer: PeerId
  readonly cancel: () => void
}

/** One state on its way here: chunks from several members at once, each verified, added in their order, failing sources replaced. */
export class Fetch {
  readonly #init: FetchInit
  readonly #sources: SnapshotSources
  readonly #asked = new Map<number, Asked>()
  /** Who was given up on and may still answer. */
  readonly #late = new Map<number, Set<PeerId>>()
  /** Verified chunks that wait for those before them. */
  readonly #ready = new Map<number, Uint8Array>()
  #window = WINDOW
  #isAdding = false
  #isOver = false
  #cancelWait: () => void = () => {}
  #cancelPatience: () => void = () => {}

  constructor(init: FetchInit) {
    this.#init = init
    this.#sources = new SnapshotSources(init.peers, init.leader)
    this.#bePatient()
    this.#advance()
  }

  answer(peer: PeerId, frame: Extract<SnapshotFrame, { type: 'part' | 'gone' }>): void {
    const { part } = frame
    if (this.#isOver || frame.index !== this.#init.meta.index) return
    const asked = this.#asked.get(part)
    const isAwaited = asked?.peer === peer
    if (!isAwaited && (frame.type === 'gone' || this.#late.get(part)?.delete(peer) !== true)) return
    if (isAwaited) {
      asked.cancel()
      this.#asked.delete(part)
    }
    if (frame.type === 'gone') return this.#failed(peer, part, 'does not have it', true)
    if (!this.#isGenuine(part, frame.bytes)) {
      this.#init.onRefused(peer)
      return this.#failed(peer, part, 'sent what does not verify', false)
    }
    this.#sources.answered(peer)
    this.#init.onVerified(frame.bytes.byteLength)
    this.#take(part, frame.bytes)
  }

  stop(): void {
    this.#isOver = true
    this.#cancelWait()
    this.#cancelPatience()
    for (const { cancel } of this.#asked.values()) cancel()
    this.#asked.clear()
    this.#ready.clear()
  }

  #take(part: number, bytes: Uint8Array): void {
    const { progress } = this.#init
    const other = this.#asked.get(part)
    if (other !== undefined) {
      // It came late, and somebody else has been asked meanwhile.
      other.cancel()
      this.#asked.delete(part)
      this.#sources.answered(other.peer)
    }
    this.#late.delete(part)
    if (other === undefined) this.#window = Math.min(WINDOW, this.#window + 1 / this.#window)
    this.#bePatient()
    if (part === 0) progress.hashes = bytes
    else if (part > progress.intake.count) this.#ready.set(part, bytes)
    this.#advance()
  }

  #isGenuine(part: number, bytes: Uint8Array): boolean {
    if (part === 0) return bytes.byteLength % HASH_BYTES === 0 && rootOf(bytes) === this.#init.meta.root
    const hash = this.#hash(part)
    return hash?.byteLength === HASH_BYTES && compareBytes(hashOf(bytes), hash) === 0
  }

  #hash(part: number): Uint8Array | undefined {
    return this.#init.progress.hashes?.subarray((part - 1) * HASH_BYTES, part * HASH_BYTES)
  }

  #advance(): void {
    this.#ask()
    if (!this.#isAdding && !this.#isOver && this.#init.progress.hashes !== undefined) void this.#add()
  }

  /** Each chunk in a turn of its own. */
  async #add(): Promise<void> {
    const { turns, progress, onDone, onError } = this.#init
    const { intake } = progress
    const total = (progress.hashes as Uint8Array).byteLength / HASH_BYTES
    this.#isAdding = true
    try {
      for (;;) {
        const next = intake.count + 1
        if (next > total) break
        const bytes = this.#ready.get(next)
        if (bytes === undefined) return
        await turns.next()
        if (this.#isOver) return
        this.#ready.delete(next)
        intake.add(bytes, this.#hash(next) as Uint8Array)
        this.#ask()
      }
      this.stop()
      onDone()
    } catch (error) {
      this.stop()
      onError(error)
    } finally {
      this.#isAdding = false
    }
  }

  #ask(): void {
    const { clock, meta, send, sync } = this.#init
    this.#cancelWait()
    for (let part = this.#nextPart(); part !== undefined && !this.#isOver; part = this.#nextPart()) {
      const wanted = part
      const peer = this.#sources.pick(clock.monotonic())
      if (peer === undefined) return this.#wait()
      const cancel = clock.after(sync.fetchTimeout, () => {
        this.#asked.delete(wanted)
        this.#window = Math.max(1, this.#window / 2)
        this.#late.set(wanted, (this.#late.get(wanted) ?? new Set()).add(peer))
        this.#failed(peer, wanted, `has not answered for ${sync.fetchTimeout} ms`, false)
      })
      this.#asked.set(wanted, { peer, cancel })
      // What is lost on the way is noticed by the silence that follows.
      send(peer, encodeSnapshotFrame({ type: 'ask', index: meta.index, part: wanted }))
    }
  }

  /** The first that is neither here nor on its way, if there is room for it. */
  #nextPart(): number | undefined {
    const { hashes, intake } = this.#init.progress
    if (this.#asked.size + 1 > this.#window) return undefined
    if (hashes === undefined) return this.#asked.has(0) ? undefined : 0
    const end = Math.min(hashes.byteLength / HASH_BYTES, intake.count + MAX_AHEAD)
    for (let part = intake.count + 1; part <= end; part++) if (!this.#asked.has(part) && !this.#ready.has(part)) return part
    return undefined
  }

  /** Everybody rests, or nobody is there. */
  #wait(): void {
    const { clock } = this.#init
    const rest = (this.#sources.nextAt() ?? clock.monotonic() + LONELY_MS) - clock.monotonic()
    this.#cancelWait = clock.after(Math.max(1, rest), () => this.#ask())
  }

  #failed(peer: PeerId, part: number, why: string, isGone: boolean): void {
    const { logger, clock, meta } = this.#init
    logger.debug('part %d of the snapshot at %d: %s %s', part, meta.index, peer, why)
    this.#sources.failed(peer, clock.monotonic(), isGone)
    if (this.#sources.areAllGone) return this.#giveUp('none of the members has it')
    this.#ask()
  }

  /** Every part that comes begins the time anew. */
  #bePatient(): void {
    const { clock, sync } = this.#init
    this.#cancelPatience()
    this.#cancelPatience = clock.after(sync.snapshotRequestTimeout, () =>
      this.#giveUp(`nothing of it has come for ${sync.snapshotRequestTimeout} ms`),
    )
  }

  #giveUp(why: string): void {
    const { logger, meta, progress, onGivenUp } = this.#init
    this.stop()
    logger.warn('the snapshot at %d was not fetched (%d chunks are here): %s', meta.index, progress.intake.count, why)
    onGivenUp()
  }
}
