import { createBroadcast, createWatch, MosaikError } from '@mosaik/core'
import type { Broadcast, Endpoint, Logger, PeerId, UniqueId, WatchSource } from '@mosaik/core'
import type { DiscoveryConfig } from '../config.ts'
import { OwnEntry } from '../logic/own.ts'
import { RttTable } from '../logic/rtt.ts'
import { Snapshot } from '../logic/snapshot.ts'
import { Store } from '../logic/store.ts'
import type { Change } from '../logic/store.ts'
import type { EncodedDetails, Details, Statement } from '../logic/statement.ts'
import type { Catalog, PeerEntry } from '../types.ts'
import { checkLimits, encodeDetails } from '../wire/details.ts'
import { MAX_ADDRESSES, MAX_CATALOG_BYTES, MAX_DEPARTED, MAX_PEERS } from '../wire/limits.ts'
import { networkMark, signStatement } from '../wire/statement.ts'
import type { Meters } from './meters.ts'

/** A round-trip time is unknown again after this many probe intervals without an answer. */
const RTT_LIFETIMES = 4

/**
 * Owns what is known: the store, the own entry and the round-trip times. Everything that changes them passes here and
 * becomes events at once, and one new picture of the catalog per turn.
 */
export class Keeper {
  readonly store: Store
  readonly own: OwnEntry
  readonly rtts: RttTable
  readonly mark: UniqueId
  readonly events: Broadcast<Change>
  /** Called at the end of a turn in which the own entry changed. */
  onOwnChange: () => void = () => {}
  /** Called when a peer's entry expired: it may still be out there. */
  onLost: (entry: PeerEntry) => void = () => {}
  onChange: (change: Change) => void = () => {}
  readonly #endpoint: Endpoint
  readonly #config: DiscoveryConfig
  readonly #meters: Meters
  readonly #log: Logger
  readonly #catalog: WatchSource<Catalog>
  #snapshot: Snapshot
  readonly #changed = new Set<PeerId>()
  #flushing = false
  #ownChanged = false
  #signed: Statement | undefined
  #encoded: EncodedDetails | undefined
  #encodedFrom: Details | undefined
  #timer: { readonly at: number; readonly cancel: () => void } | undefined
  #hasLeft = false
  #closed = false

  constructor(endpoint: Endpoint, config: DiscoveryConfig, meters: Meters, log: Logger) {
    const { id: peerId, networkId, clock } = endpoint
    this.#endpoint = endpoint
    this.#config = config
    this.#meters = meters
    this.#log = log
    this.mark = networkMark(networkId)
    this.store = new Store(peerId, networkId, { ...config, maxPeers: MAX_PEERS, maxDeparted: MAX_DEPARTED, maxBytes: MAX_CATALOG_BYTES })
    const addresses = endpoint.addresses.slice(0, MAX_ADDRESSES)
    this.own = new OwnEntry({ peerId, networkId }, { addresses, tags: config.tags }, clock.now(), { ...config, checkLimits })
    this.rtts = new RttTable(config.rttProbeInterval * RTT_LIFETIMES)
    this.events = createBroadcast<Change>({ backlog: config.eventsBacklog })
    this.#snapshot = Snapshot.alone(this.own.entry)
    this.#catalog = createWatch<Catalog>(this.#snapshot)
    this.statement()
  }

  /** The catalog as of now: what is due is done before anyone looks. */
  get catalog(): WatchSource<Catalog> {
    if (!this.#closed) {
      this.expire()
      this.show()
    }
    return this.#catalog
  }

  /** The own entry, signed; signs it when it has changed since. After the last word it is that. */
  statement(): Statement {
    if (this.#hasLeft && this.#signed !== undefined) return this.#signed
    const { own } = this
    const { updatedAt } = own.version
    if (this.#signed === undefined || this.#signed.head.updatedAt !== updatedAt || this.#encodedFrom !== own.details) {
      if (this.#encodedFrom !== own.details || this.#encoded === undefined) {
        this.#encodedFrom = own.details
        this.#encoded = encodeDetails(own.details)
      }
      this.#sign(this.#encoded)
    }
    return this.#signed as Statement
  }

  /** The last word: this node has departed. */
  farewell(): Statement {
    this.#hasLeft = true
    this.own.renew(this.#endpoint.clock.now())
    return this.#sign(undefined)
  }

  /** Runs a change of the own entry that answers whether anything changed; if so, it is shown and announced. */
  changeOwn(change: (own: OwnEntry, now: number) => boolean): void {
    if (this.#hasLeft || !change(this.own, this.#endpoint.clock.now())) return
    this.#ownChanged = true
    this.#schedule()
  }

  /** Puts a change of the store before everyone. */
  commit(change: Change | undefined): void {
    if (change === undefined) return
    const peerId = change.type === 'departed' ? change.peerId : change.entry.peerId
    if (change.type === 'departed') this.rtts.forget(peerId)
    this.#meters[change.type].add()
    this.#log.debug('%s %s', change.type, peerId)
    this.events.publish(change)
    this.touch(peerId)
    this.#armPurge()
    this.onChange(change)
  }

  /** Something about this peer is to be shown anew. */
  touch(peerId: PeerId): void {
    this.#changed.add(peerId)
    this.#schedule()
  }

  /** True for everyone in the catalog as shown. */
  isVisible(peerId: PeerId): boolean {
    const { maxRtt } = this.#config
    const rtt = maxRtt === undefined ? undefined : this.rtts.get(peerId, this.#endpoint.clock.monotonic())
    return this.store.entryOf(peerId) !== undefined && (rtt === undefined || rtt <= (maxRtt as number))
  }

  /** Removes what is stale by now. A timer does it too; but a clock that is set moves no timer. */
  expire(): void {
    if (this.#endpoint.clock.now() > this.store.nextExpiry) this.#purge()
  }

  close(): void {
    this.show()
    this.#closed = true
    this.#timer?.cancel()
    this.events.close()
    this.#catalog.close(new MosaikError('ERR_CLOSED', 'discovery was closed: the catalog will not change any more'))
  }

  #purge(): void {
    for (const entry of this.store.purge(this.#endpoint.clock.now())) {
      this.#log.info('%s has not been heard of for %d ms and is removed', entry.peerId, this.#config.purgeAfter)
      this.onLost(entry)
      this.commit({ type: 'departed', peerId: entry.peerId })
    }
    this.#armPurge()
  }

  #sign(details: EncodedDetails | undefined): Statement {
    const { id: peerId } = this.#endpoint
    const signed = signStatement({ peerId, ...this.own.version, details }, this.mark, (bytes) => this.#endpoint.sign(bytes))
    this.own.publish()
    this.#signed = signed
    this.store.putOwn(signed)
    return signed
  }

  #schedule(): void {
    if (this.#flushing || this.#closed) return
    this.#flushing = true
    this.#endpoint.clock.turn(() => this.#flush())
  }

  #flush(): void {
    this.#flushing = false
    if (this.#closed) return
    this.show()
    if (!this.#ownChanged) return
    this.#ownChanged = false
    this.onOwnChange()
  }

  /** Makes the new picture, if there is anything new. */
  show(): void {
    const me = this.own.entry
    if (this.#changed.size === 0 && me === this.#snapshot.me) return
    const changes = [...this.#changed].map((peerId) => [peerId, this.isVisible(peerId) ? this.store.entryOf(peerId) : undefined] as const)
    this.#changed.clear()
    this.#snapshot = this.#snapshot.next(me, changes)
    this.#meters.catalogSize.set(this.#snapshot.size)
    this.#catalog.set(this.#snapshot)
  }

  /** One timer, for the earliest moment at which anything may expire. */
  #armPurge(): void {
    const at = this.store.nextExpiry
    if (this.#closed || at === this.#timer?.at || (this.#timer !== undefined && this.#timer.at < at)) return
    this.#timer?.cancel()
    this.#timer = undefined
    if (at === Number.POSITIVE_INFINITY) return
    const { clock } = this.#endpoint
    const cancel = clock.after(Math.max(1, at - clock.now() + 1), () => {
      this.#timer = undefined
      this.#purge()
    })
    this.#timer = { at, cancel }
  }
}
