import type { PeerId } from '@mosaik/core'
import { detailsOf } from '../logic/delta.ts'
import { Pulls } from '../logic/pulls.ts'
import type { Head } from '../logic/statement.ts'
import { MAX_FETCH } from '../wire/limits.ts'
import type { NodeContext } from './context.ts'
import type { Syncer } from './syncer.ts'

const CONCURRENCY = 8
/** What is announced in a burst is fetched together. */
const GATHER_MS = 10

/** Fetches the details of what was announced. */
export class Puller {
  readonly #node: NodeContext
  readonly #syncer: Syncer
  readonly #pulls = new Pulls(CONCURRENCY, MAX_FETCH)
  #timer: { readonly at: number; readonly cancel: () => void } | undefined

  constructor(node: NodeContext, syncer: Syncer) {
    this.#node = node
    this.#syncer = syncer
    node.scope.add(() => this.#timer?.cancel())
  }

  /** A genuine head whose details are missing here. */
  want(head: Head, from: PeerId): void {
    const { endpoint, meters } = this.#node
    // Nobody is dialled for this: what is announced must not decide where everyone connects to.
    const sources = endpoint.connections.value.has(head.peerId) ? [from, head.peerId] : [from]
    const now = endpoint.clock.monotonic()
    if (this.#pulls.add(head, sources, now)) this.#wakeAt(now + GATHER_MS)
    else meters.unfetched.add()
  }

  arrived(head: Head): void {
    this.#pulls.arrived(head)
  }

  #wakeAt(at: number): void {
    const { endpoint, scope } = this.#node
    if (scope.signal.aborted || (this.#timer !== undefined && this.#timer.at <= at)) return
    this.#timer?.cancel()
    const cancel = endpoint.clock.after(Math.max(1, at - endpoint.clock.monotonic()), () => {
      this.#timer = undefined
      this.#fetch()
    })
    this.#timer = { at, cancel }
  }

  #fetch(): void {
    const { clock } = this.#node.endpoint
    for (let next = this.#pulls.take(clock.monotonic()); next !== undefined; next = this.#pulls.take(clock.monotonic())) {
      const { source, keys } = next
      if (!this.#node.scope.spawn(() => this.#fetchFrom(source, keys))) return
    }
    const due = this.#pulls.nextDue()
    if (due !== undefined && due > clock.monotonic()) this.#wakeAt(due)
  }

  async #fetchFrom(source: PeerId, keys: readonly string[]): Promise<void> {
    const { keeper, log, meters, endpoint } = this.#node
    const wanted = keys.map((key) => ({ key, details: detailsOf(keeper.store.byKey(key)) }))
    try {
      await this.#syncer.fetch(source, wanted)
    } catch (error) {
      log.debug('%s', error instanceof Error ? error.message : error)
    }
    const givenUp = this.#pulls.settle(source, endpoint.clock.monotonic())
    if (givenUp > 0) meters.unfetched.add(givenUp)
    this.#fetch()
  }
}
