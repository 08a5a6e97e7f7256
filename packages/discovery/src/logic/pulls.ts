import type { PeerId } from '@mosaik/core'
import { compareVersions } from './statement.ts'
import type { Head, Version } from './statement.ts'

const MAX_WANTS = 4096
const MAX_SOURCES = 3

interface Want {
  /** The latest head that was announced. */
  head: Head
  /** Whom to ask, in this order. */
  readonly sources: PeerId[]
}

/**
 * Announced statements whose details are still to be fetched. Each is asked for at whoever handed the announcement
 * over, then at its author; one fetch per source at a time, a few at once. What nobody has after that comes with the
 * next comparison of catalogs.
 */
export class Pulls {
  readonly #wants = new Map<PeerId, Want>()
  readonly #busy = new Map<PeerId, readonly PeerId[]>()
  readonly #concurrency: number
  readonly #batch: number

  constructor(concurrency: number, batch: number) {
    this.#concurrency = concurrency
    this.#batch = batch
  }

  /** A verified head whose details are missing here, heard from `from`. False: too many are waiting. */
  add(head: Head, from: PeerId): boolean {
    const want = this.#wants.get(head.peerId)
    if (want === undefined) {
      if (this.#wants.size >= MAX_WANTS) return false
      this.#wants.set(head.peerId, { head, sources: [...new Set([from, head.peerId])] })
      return true
    }
    if (compareVersions(head, want.head) > 0) want.head = head
    if (want.sources.length < MAX_SOURCES && !want.sources.includes(from)) want.sources.push(from)
    return true
  }

  has(peer: PeerId): boolean {
    return this.#wants.has(peer)
  }

  /** The next fetch to make: from whom, and about whom. */
  take(): { readonly source: PeerId; readonly peers: readonly PeerId[] } | undefined {
    if (this.#busy.size >= this.#concurrency) return undefined
    const inFlight = new Set([...this.#busy.values()].flat())
    let source: PeerId | undefined
    const peers: PeerId[] = []
    for (const [peer, want] of this.#wants) {
      if (inFlight.has(peer)) continue
      const first = want.sources[0] as PeerId
      if (this.#busy.has(first) || (source !== undefined && first !== source)) continue
      source = first
      peers.push(peer)
      if (peers.length >= this.#batch) break
    }
    if (source === undefined) return undefined
    this.#busy.set(source, peers)
    return { source, peers }
  }

  /** That fetch has ended; what it did not bring is asked for elsewhere, or given up. Answers how many were given up. */
  settle(source: PeerId, heldVersion: (peer: PeerId) => Version | undefined): number {
    let givenUp = 0
    for (const peer of this.#busy.get(source) ?? []) {
      const want = this.#wants.get(peer)
      if (want === undefined || this.#isSatisfied(peer, want, heldVersion)) continue
      want.sources.splice(want.sources.indexOf(source), 1)
      if (want.sources.length > 0) continue
      this.#wants.delete(peer)
      givenUp++
    }
    this.#busy.delete(source)
    return givenUp
  }

  /** A statement has come, from wherever. */
  arrived(head: Head): void {
    const want = this.#wants.get(head.peerId)
    if (want !== undefined && compareVersions(head, want.head) >= 0) this.#wants.delete(head.peerId)
  }

  #isSatisfied(peer: PeerId, want: Want, heldVersion: (peer: PeerId) => Version | undefined): boolean {
    const held = heldVersion(peer)
    if (held === undefined || compareVersions(held, want.head) < 0) return false
    this.#wants.delete(peer)
    return true
  }
}
