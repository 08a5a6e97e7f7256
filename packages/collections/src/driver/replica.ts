import { createBroadcast, mapWatch, MosaikError, sleep } from '@mosaik/core'
import type { Broadcast, Clock, Logger, WaitOptions, WatchSource } from '@mosaik/core'
import type { ApplyContext, Group, GroupEvent, LineageId } from '@mosaik/raft'
import type { Part } from '../logic/element.ts'
import { History } from '../logic/history.ts'
import type { AppliedWrite, CollectionMachine, Command, MachineObserver, Reply } from '../machines/types.ts'
import type { Change, Version } from '../types/index.ts'
import type { ReplicaMeters } from './meters.ts'

/** Changes kept for readers that fall behind. */
const BACKLOG = 4_096
/** Before it asks again whether it has caught up, when the answer did not come. */
const ASK_AGAIN_MS = 1_000
const NO_LINEAGE = '0'.repeat(64) as LineageId

export interface ReplicaInit<State> {
  readonly machine: CollectionMachine<State>
  readonly group: Group<Command, unknown, unknown, Reply>
  readonly clock: Clock
  readonly logger: Logger
  readonly meters: ReplicaMeters
}

/** A collection on this node, whatever the number of its handles: the state, what changes it, and how current it is. */
export class Replica<State> {
  readonly machine: CollectionMachine<State>
  readonly group: Group<Command, unknown, unknown, Reply>
  readonly #init: ReplicaInit<State>
  readonly #history = new History()
  readonly #changes: Broadcast<Exclude<Change, { type: 'lagged' }>> = createBroadcast({ backlog: BACKLOG })
  /** Set whenever something that is waited for may have come true. */
  readonly #news: WatchSource<number>
  readonly #ending = new AbortController()
  readonly #observer: MachineObserver = {
    replacing: () => this.#init.meters.syncStarted(),
    replaced: (dropped) => this.#onReplaced(dropped),
    misfit: (part, reason) => this.#onMisfit(part, reason),
  }
  /** What has been warned of: once each. */
  readonly #misfits = new Set<Part>()
  #ticks = 0
  #isCaughtUp = false
  /** Another state is there, and its version not yet. */
  #isReplaced = false
  #readers = 0
  #ended: Error | undefined

  constructor(init: ReplicaInit<State>) {
    this.#init = init
    this.machine = init.machine
    this.group = init.group
    this.#news = mapWatch(init.group.position, () => ++this.#ticks)
    this.#news.listen(() => this.#onPosition())
    this.#news.until(() => false).catch((error: unknown) => this.#end(error as Error))
    init.machine.observe(this.#observer)
    void this.#followHistory(init.group.events())
    this.#keepCurrent(this.#ending.signal).catch(() => {}) // ended with the group, which everyone else is told of
  }

  get version(): Version {
    const { lineage = NO_LINEAGE, position } = this.group
    const { index } = position.value
    return { lineage: index === 0 ? NO_LINEAGE : lineage, index } // nothing is the same in every history
  }

  get isOnline(): boolean {
    return this.#isCaughtUp && this.group.isOnline
  }

  /** Why it is over, if it is. */
  get ended(): Error | undefined {
    return this.#ended
  }

  /** `holds` is asked whenever something has happened. Rejects with why the replica has ended, and `signal.reason`. */
  async until(holds: () => boolean, wait?: WaitOptions): Promise<void> {
    await this.#news.until(holds, wait)
  }

  /** Rejects `ERR_SUPERSEDED`, too. */
  async reaches(version: Version, wait?: WaitOptions): Promise<void> {
    const compare = (): 'reached' | 'ahead' | 'never' =>
      this.#history.compare(version, { lineage: this.group.lineage, index: this.group.position.value.index })
    for (;;) {
      await this.until(() => compare() !== 'ahead', wait)
      if (compare() === 'reached') return
      // Where a lineage comes from is told an instant later than that it is there.
      await sleep(this.#init.clock, 0, wait)
      if (compare() === 'never') throw superseded(version, this.version)
    }
  }

  /** From this call on; `left` must be called once when the reader is gone. */
  changes(wait?: WaitOptions): { readonly changes: AsyncIterableIterator<Change>; readonly left: () => void } {
    if (++this.#readers === 1) this.#observer.applied = (write, context) => this.#onApplied(write, context)
    const left = (): void => {
      if (--this.#readers === 0) this.#observer.applied = undefined
    }
    return { changes: this.#changes.subscribe(wait), left }
  }

  /** Leaves the group. */
  async close(): Promise<void> {
    await this.group.close()
    this.#end(new MosaikError('ERR_CLOSED', 'the collection was closed'))
  }

  #onApplied(write: AppliedWrite, { index }: ApplyContext): void {
    this.#tellReset()
    this.#changes.publish({ type: 'write', version: { lineage: this.group.lineage ?? NO_LINEAGE, index }, ...write })
  }

  #onReplaced(dropped: number): void {
    const { logger } = this.#init
    if (dropped > 0) logger.warn('collection %s: %d items that are none of it were left out', this.group.id, dropped)
    this.#isReplaced = true
  }

  #onMisfit(part: Part, reason: string): void {
    const { logger, meters } = this.#init
    meters.misfit()
    if (this.#misfits.has(part)) return
    this.#misfits.add(part)
    logger.warn(
      'collection %s: a %s has come that does not fit the types of this node; it is held as it came, as by every member, and more are only counted: %s',
      this.group.id,
      part,
      reason,
    )
  }

  #onPosition(): void {
    this.#init.meters.size(this.machine.size)
    this.#tellReset()
  }

  #tellReset(): void {
    if (!this.#isReplaced) return
    this.#isReplaced = false
    this.#changes.publish({ type: 'reset', version: this.version })
  }

  #tell(): void {
    this.#news.set(++this.#ticks)
  }

  async #followHistory(events: AsyncIterable<GroupEvent>): Promise<void> {
    for await (const event of events) {
      if (event.type !== 'lineage') continue
      this.#history.entered(event.lineage, event.parent, event.fork)
      this.#tell()
    }
  }

  /** A leader may be known long before a newcomer has what the group holds: only who has read what was committed then is current. */
  async #keepCurrent(signal: AbortSignal): Promise<void> {
    const { group, clock } = this.#init
    while (this.#ended === undefined) {
      await group.when.online({ signal })
      const isCurrent = await group.query(null, { consistency: 'strong', signal }).then(
        () => true,
        () => false,
      )
      if (!isCurrent) {
        await sleep(clock, ASK_AGAIN_MS, { signal })
        continue
      }
      this.#isCaughtUp = true
      this.#tell()
      await group.when.offline({ signal })
      this.#isCaughtUp = false
      this.#tell()
    }
  }

  #end(error: Error): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    this.#isCaughtUp = false
    this.#news.close(error)
    this.#changes.close()
    this.machine.observe(undefined)
    this.#init.meters.close()
    this.#ending.abort(error)
  }
}

function superseded({ lineage, index }: Version, here: Version): MosaikError {
  return new MosaikError(
    'ERR_SUPERSEDED',
    `version ${index} of lineage ${lineage} never comes: the collection has gone on as ${here.lineage} without it; write again what is missing`,
  )
}
