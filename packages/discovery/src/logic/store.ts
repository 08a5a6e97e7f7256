import type { NetworkId, PeerId } from '@mosaik/core'
import type { DiscoveryEvent, PeerEntry } from '../types.ts'
import { admit } from './admission.ts'
import type { AdmissionRules, Verdict } from './admission.ts'
import { createDigest } from './digest.ts'
import type { CatalogDigest } from './digest.ts'
import { createEntry } from './entry.ts'
import { keyOf } from './statement.ts'
import type { Head, Statement } from './statement.ts'

export interface StoreRules extends AdmissionRules {
  /** Live entries of others, signed and inserted together. */
  readonly maxPeers: number
  /** Departures remembered. */
  readonly maxDeparted: number
  /** Details of all signed entries together. */
  readonly maxBytes: number
}

/** A change of the catalog, as `events()` tells it. */
export type Change = Exclude<DiscoveryEvent, { type: 'lagged' }>

export interface Held {
  readonly key: string
  readonly statement: Statement
  /** Undefined after a departure. */
  readonly entry: PeerEntry | undefined
}

/** A verdict, or: `own` says something about this node, `full` would exceed a limit. */
export type StoreVerdict = Verdict | 'own' | 'full'

/**
 * Who is in the network: for every peer the latest thing it said (its entry or its departure), and entries inserted
 * by hand. Synchronous, without a clock; every change answers what it changed.
 */
export class Store {
  readonly digest: CatalogDigest = createDigest()
  /** No entry of others becomes stale before this moment. */
  nextExpiry: number = Number.POSITIVE_INFINITY
  readonly #self: PeerId
  readonly #networkId: NetworkId
  readonly #rules: StoreRules
  readonly #held = new Map<PeerId, Held>()
  readonly #byKey = new Map<string, Held>()
  /** Who has departed, the oldest news first. */
  readonly #departed = new Set<PeerId>()
  readonly #unsigned = new Map<PeerId, PeerEntry>()
  #bytes = 0

  constructor(self: PeerId, networkId: NetworkId, rules: StoreRules) {
    this.#self = self
    this.#networkId = networkId
    this.#rules = rules
  }

  /** Signed entries of others. */
  get livePeers(): number {
    return this.#held.size - this.#departed.size - (this.#held.has(this.#self) ? 1 : 0)
  }

  /** The latest statement of a peer, of this node too. */
  get(peerId: PeerId): Held | undefined {
    return this.#held.get(peerId)
  }

  byKey(key: string): Held | undefined {
    return this.#byKey.get(key)
  }

  /** The entry that stands for a peer: signed before unsigned. */
  entryOf(peerId: PeerId): PeerEntry | undefined {
    return this.#held.get(peerId)?.entry ?? this.#unsigned.get(peerId)
  }

  /** Everyone's statements, departures and the own one included. */
  held(): Iterable<Held> {
    return this.#held.values()
  }

  judge(head: Head, now: number): StoreVerdict {
    if (head.peerId === this.#self) return 'own'
    const known = this.#held.get(head.peerId)
    const verdict = admit(head, known?.statement.head, now, this.#rules)
    return verdict === 'new' && !this.#hasRoomFor(head) ? 'full' : verdict
  }

  /** Takes a statement that was judged new or newer. False: it would exceed the limit on bytes. */
  put(statement: Statement): Change | undefined | false {
    const { head, details } = statement
    const before = this.#held.get(head.peerId)
    const growth = (details?.bytes.length ?? 0) - (before?.statement.details?.bytes.length ?? 0)
    if (growth > 0 && this.#bytes + growth > this.#rules.maxBytes) return false
    const wasVisible = this.entryOf(head.peerId) !== undefined
    this.#set(statement, before)
    this.#unsigned.delete(head.peerId)
    this.nextExpiry = Math.min(this.nextExpiry, this.#lastMoment(head))
    this.#departed.delete(head.peerId)
    if (details === undefined) {
      this.#departed.add(head.peerId)
      this.#forgetOldDepartures()
      return wasVisible ? { type: 'departed', peerId: head.peerId } : undefined
    }
    return { type: wasVisible ? 'updated' : 'discovered', entry: this.#held.get(head.peerId)?.entry as PeerEntry }
  }

  /** What this node says of itself now. It stands in the digest, never in changes. */
  putOwn(statement: Statement): void {
    this.#set(statement, this.#held.get(this.#self))
  }

  /** Drops what is older than `purgeAfter`, and departures that nothing admissible could contradict any more. Answers the entries. */
  purge(now: number): PeerEntry[] {
    const stale: PeerEntry[] = []
    this.nextExpiry = Number.POSITIVE_INFINITY
    for (const [peerId, held] of this.#held) {
      if (peerId === this.#self) continue
      const last = this.#lastMoment(held.statement.head)
      if (last >= now) {
        this.nextExpiry = Math.min(this.nextExpiry, last)
        continue
      }
      this.#drop(held)
      if (held.entry !== undefined) stale.push(held.entry)
    }
    return stale
  }

  /** An entry by hand. False for self, where a signed entry stands, and over the limit. */
  insert(entry: PeerEntry): Change | false {
    const { peerId } = entry
    if (peerId === this.#self || this.#held.get(peerId)?.entry !== undefined) return false
    const known = this.#unsigned.has(peerId)
    if (!known && this.livePeers + this.#unsigned.size >= this.#rules.maxPeers) return false
    this.#unsigned.set(peerId, entry)
    return { type: known ? 'updated' : 'discovered', entry }
  }

  /** Takes an inserted entry out again. */
  remove(peerId: PeerId): Change | undefined {
    return this.#unsigned.delete(peerId) ? { type: 'departed', peerId } : undefined
  }

  clearUnsigned(): Change[] {
    const changes = [...this.#unsigned.keys()].map((peerId): Change => ({ type: 'departed', peerId }))
    this.#unsigned.clear()
    return changes
  }

  /** A stranger's departure never pushes out one that somebody relies on. */
  #hasRoomFor(head: Head): boolean {
    if (head.details === undefined) return this.#departed.size < this.#rules.maxDeparted
    return this.#unsigned.has(head.peerId) || this.livePeers + this.#unsigned.size < this.#rules.maxPeers
  }

  #set(statement: Statement, before: Held | undefined): void {
    const { head, details } = statement
    const key = before?.key ?? keyOf(head.peerId)
    const entry = details && createEntry({ ...head, networkId: this.#networkId, signed: true }, details)
    const held: Held = { key, statement, entry }
    this.#held.set(head.peerId, held)
    this.#byKey.set(key, held)
    this.digest.set(key, head.id)
    this.#bytes += (details?.bytes.length ?? 0) - (before?.statement.details?.bytes.length ?? 0)
  }

  #drop(held: Held): void {
    const { peerId } = held.statement.head
    this.#held.delete(peerId)
    this.#byKey.delete(held.key)
    this.#departed.delete(peerId)
    this.digest.delete(held.key)
    this.#bytes -= held.statement.details?.bytes.length ?? 0
  }

  /** The last moment at which a statement counts; departures outlive everything that they refuse. */
  #lastMoment(head: Head): number {
    return head.updatedAt + this.#rules.purgeAfter + (head.details === undefined ? this.#rules.maxTimeDrift : 0)
  }

  #forgetOldDepartures(): void {
    for (const peerId of this.#departed) {
      if (this.#departed.size <= this.#rules.maxDeparted) return
      this.#drop(this.#held.get(peerId) as Held)
    }
  }
}
