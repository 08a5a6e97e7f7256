import type { PeerId } from '@mosaik/core'
import { compareVersions, keyOf } from './statement.ts'
import type { Head } from './statement.ts'

const MAX_WANTS = 4096
const MAX_SOURCES = 3
const MAX_ATTEMPTS = 5
/** Pause after an attempt that did not bring it, ms; doubles. Whoever handed it over is often still fetching it, too. */
const FIRST_PAUSE = 60

interface Want {
  /** The latest head that was announced. */
  head: Head
  /** Whom to ask, in turn. */
  readonly sources: PeerId[]
  attempts: number
  /** Monotonic time before which it is not asked for again. */
  due: number
}

/**
 * Announced statements whose details are still to be fetched, by their peers' keys. Each is asked for in turn at those
 * who handed the announcement over and at its author; one fetch per source at a time, a few at once. What did not come
 * after some attempts comes with the next comparison of catalogs.
 */
export class Pulls {
  readonly #wants = new Map<string, Want>()
  readonly #busy = new Map<PeerId, readonly string[]>()
  readonly #concurrency: number
  readonly #batch: number

  constructor(concurrency: number, batch: number) {
    this.#concurrency = concurrency
    this.#batch = batch
  }

  /** A verified head whose details are missing here, which these peers may have. False: too many are waiting. */
  add(head: Head, sources: readonly PeerId[], now: number): boolean {
    const key = keyOf(head.peerId)
    const want = this.#wants.get(key)
    if (want === undefined) {
      if (this.#wants.size >= MAX_WANTS) return false
      this.#wants.set(key, { head, sources: [...new Set(sources)], attempts: 0, due: now })
      return true
    }
    if (compareVersions(head, want.head) > 0) want.head = head
    for (const source of sources) if (want.sources.length < MAX_SOURCES && !want.sources.includes(source)) want.sources.push(source)
    return true
  }

  /** The next fetch to make now: from whom, and whose statements. */
  take(now: number): { readonly source: PeerId; readonly keys: readonly string[] } | undefined {
    if (this.#busy.size >= this.#concurrency) return undefined
    const inFlight = this.#inFlight()
    let source: PeerId | undefined
    const keys: string[] = []
    for (const [key, want] of this.#wants) {
      const next = want.sources[want.attempts % want.sources.length] as PeerId
      if (want.due > now || inFlight.has(key) || this.#busy.has(next) || (source !== undefined && next !== source)) continue
      source = next
      keys.push(key)
      if (keys.length >= this.#batch) break
    }
    if (source === undefined) return undefined
    this.#busy.set(source, keys)
    return { source, keys }
  }

  /** That fetch has ended; what it did not bring is asked for again later, or given up. Answers how many were given up. */
  settle(source: PeerId, now: number): number {
    let givenUp = 0
    for (const key of this.#busy.get(source) ?? []) {
      const want = this.#wants.get(key)
      if (want === undefined) continue
      want.due = now + FIRST_PAUSE * 2 ** want.attempts
      want.attempts++
      if (want.attempts >= MAX_ATTEMPTS && this.#wants.delete(key)) givenUp++
    }
    this.#busy.delete(source)
    return givenUp
  }

  /** A statement has been taken, from wherever it came. */
  arrived(head: Head): void {
    const key = keyOf(head.peerId)
    const want = this.#wants.get(key)
    if (want !== undefined && compareVersions(head, want.head) >= 0) this.#wants.delete(key)
  }

  /** When something that waits for a later attempt is due; undefined when nothing does. */
  nextDue(): number | undefined {
    const inFlight = this.#inFlight()
    let next: number | undefined
    for (const [key, { due }] of this.#wants) if (!inFlight.has(key) && (next === undefined || due < next)) next = due
    return next
  }

  #inFlight(): ReadonlySet<string> {
    return new Set([...this.#busy.values()].flat())
  }
}
