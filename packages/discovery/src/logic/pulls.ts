import type { PeerId } from '@mosaik/core'
import { compareVersions, keyOf } from './statement.ts'
import type { Head } from './statement.ts'

const MAX_WANTS = 4096
const MAX_SOURCES = 3

interface Want {
  /** The latest head that was announced. */
  head: Head
  /** Whom to ask, in this order. */
  readonly sources: PeerId[]
}

/**
 * Announced statements whose details are still to be fetched, by their peers' keys. Each is asked for at whoever handed
 * the announcement over, then at its author; one fetch per source at a time, a few at once. What nobody has after
 * that comes with the next comparison of catalogs.
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

  /** A verified head whose details are missing here, heard from `from`. False: too many are waiting. */
  add(head: Head, from: PeerId): boolean {
    const key = keyOf(head.peerId)
    const want = this.#wants.get(key)
    if (want === undefined) {
      if (this.#wants.size >= MAX_WANTS) return false
      this.#wants.set(key, { head, sources: [...new Set([from, head.peerId])] })
      return true
    }
    if (compareVersions(head, want.head) > 0) want.head = head
    if (want.sources.length < MAX_SOURCES && !want.sources.includes(from)) want.sources.push(from)
    return true
  }

  /** True while the details of this one are on their way. */
  has(key: string): boolean {
    return this.#wants.has(key)
  }

  /** The next fetch to make: from whom, and whose statements. */
  take(): { readonly source: PeerId; readonly keys: readonly string[] } | undefined {
    if (this.#busy.size >= this.#concurrency) return undefined
    const inFlight = new Set([...this.#busy.values()].flat())
    let source: PeerId | undefined
    const keys: string[] = []
    for (const [key, want] of this.#wants) {
      if (inFlight.has(key)) continue
      const first = want.sources[0] as PeerId
      if (this.#busy.has(first) || (source !== undefined && first !== source)) continue
      source = first
      keys.push(key)
      if (keys.length >= this.#batch) break
    }
    if (source === undefined) return undefined
    this.#busy.set(source, keys)
    return { source, keys }
  }

  /** That fetch has ended; what it did not bring is asked for elsewhere, or given up. Answers how many were given up. */
  settle(source: PeerId): number {
    let givenUp = 0
    for (const key of this.#busy.get(source) ?? []) {
      const want = this.#wants.get(key)
      if (want === undefined) continue
      want.sources.splice(want.sources.indexOf(source), 1)
      if (want.sources.length > 0) continue
      this.#wants.delete(key)
      givenUp++
    }
    this.#busy.delete(source)
    return givenUp
  }

  /** A statement has been taken, from wherever it came. True: it was waited for. */
  arrived(head: Head): boolean {
    const key = keyOf(head.peerId)
    const want = this.#wants.get(key)
    return want !== undefined && compareVersions(head, want.head) >= 0 && this.#wants.delete(key)
  }
}
