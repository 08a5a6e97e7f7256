import { createWatch, deadline } from '@mosaik/core'
import type { PeerId, WatchSource } from '@mosaik/core'
import { detailsOf } from '../logic/delta.ts'
import type { Wanted } from '../logic/delta.ts'
import { Pulls } from '../logic/pulls.ts'
import type { Head } from '../logic/statement.ts'
import { MAX_FETCH } from '../wire/limits.ts'
import type { NodeContext } from './context.ts'
import type { Syncer } from './syncer.ts'

const CONCURRENCY = 8
/** What is announced in a burst is fetched together. */
const GATHER_MS = 10
/** How long a fetch of others may wait here for something that is on its way. */
const ARRIVAL_MS = 1000

/** Fetches the details of what was announced. */
export class Puller {
  /** Set by whoever puts the drivers together: it fetches, and what it fetches may have to be fetched here. */
  syncer: Syncer | undefined
  readonly #node: NodeContext
  readonly #pulls = new Pulls(CONCURRENCY, MAX_FETCH)
  /** Counts what arrived or was given up. */
  readonly #progress: WatchSource<number> = createWatch(0)
  #gathering = false

  constructor(node: NodeContext) {
    this.#node = node
  }

  /** A genuine head whose details are missing here. */
  want(head: Head, from: PeerId): void {
    if (!this.#pulls.add(head, from)) return void this.#node.meters.refused('unfetched').add()
    if (this.#gathering) return
    this.#gathering = true
    const cancel = this.#node.endpoint.clock.after(GATHER_MS, () => {
      forget()
      this.#gathering = false
      this.#fetch()
    })
    const forget = this.#node.scope.add(cancel)
  }

  arrived(head: Head): void {
    if (this.#pulls.arrived(head)) this.#progress.set(this.#progress.value + 1)
  }

  /** Resolves when none of these is on its way, at the latest after a second. */
  async whenArrived(wanted: readonly Wanted[]): Promise<void> {
    const isPending = (): boolean => wanted.some(({ key }) => this.#pulls.has(key))
    if (!isPending()) return
    const late = (): Error => new Error('the details did not come in time')
    try {
      await deadline(this.#node.endpoint.clock, ARRIVAL_MS, (signal) => this.#progress.until(() => !isPending(), { signal }), late, {
        signal: this.#node.scope.signal,
      })
    } catch {
      // answered without them: who asked will ask elsewhere
    }
  }

  #fetch(): void {
    for (let next = this.#pulls.take(); next !== undefined; next = this.#pulls.take()) {
      const { source, keys } = next
      if (!this.#node.scope.spawn(() => this.#fetchFrom(source, keys))) return
    }
  }

  async #fetchFrom(source: PeerId, keys: readonly string[]): Promise<void> {
    const wanted = keys.map((key) => ({ key, details: detailsOf(this.#node.keeper.store.byKey(key)) }))
    try {
      await this.syncer?.fetch(source, wanted)
    } catch (error) {
      this.#node.log.debug('%s', error instanceof Error ? error.message : error)
    }
    const givenUp = this.#pulls.settle(source)
    if (givenUp > 0) this.#node.meters.refused('unfetched').add(givenUp)
    this.#progress.set(this.#progress.value + 1)
    this.#fetch()
  }
}
