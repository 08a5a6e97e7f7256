import { backoff, createWatch, isAddress, isPeerId, sleep, splitAddress } from '@mosaik/core'
import type { PeerId, WatchSource } from '@mosaik/core'
import { AddressBook } from '../logic/address-book.ts'
import type { Lost } from '../logic/address-book.ts'
import { Allowance } from '../logic/allowance.ts'
import { wantedNeighbours } from '../logic/ring.ts'
import type { RingPeer } from '../logic/ring.ts'
import { sample } from '../logic/schedule.ts'
import { keyOf } from '../logic/statement.ts'
import type { NodeContext } from './context.ts'
import { Dialler } from './dialler.ts'
import { follow } from './follow.ts'
import type { Syncer } from './syncer.ts'

/** Addresses taken from one find. */
const MAX_HINTS = 8
/** A lonely node tries again after 1 s, then less often, but always within 10 s. */
const LONELY = { initial: 1500, factor: 1.5, max: 7500, jitter: 0.33 }
/** Peers tried in one lonely round, of those met before and of the others each, besides all bootstrap addresses. */
const KNOWN_PER_ROUND = 4
/** Changes of the catalog and of connections are gathered before neighbours are chosen anew. */
const PLAN_MS = 200
/** A peer that could not be reached is passed over for this long, doubling up to a minute. */
const AVOID_MS = 5000
const MAX_AVOID_MS = 60_000
const MAX_AVOIDED = 256
/**
 * Neighbours that could not be reached: so many, then one per second. An entry may list anybody's addresses, and with
 * many such entries a hostile member could otherwise have everyone dial a victim without end.
 */
const FAILURES = { burst: 16, everyMs: 1000 }

/** Keeps this node connected: dials what it is told, the neighbours it should have, and what it lost when it is lonely. */
export class Connector {
  readonly #node: NodeContext
  readonly #syncer: Syncer
  readonly #neighbours: () => ReadonlySet<PeerId>
  readonly #dialler: Dialler
  readonly #book: AddressBook
  readonly #selfKey: string
  readonly #failed = new Map<PeerId, { readonly until: number; readonly pause: number }>()
  readonly #failures = new Allowance(FAILURES.burst, FAILURES.everyMs)
  readonly #lonely: WatchSource<boolean> = createWatch(true)
  /** Connected peers that nothing here needed when last looked at. */
  #idle: ReadonlySet<PeerId> = new Set()
  #planned = false
  /** Cancels the timer for the next time at which neighbours are chosen anew. */
  #retry: () => void = () => {}

  constructor(node: NodeContext, syncer: Syncer, neighbours: () => ReadonlySet<PeerId>) {
    this.#node = node
    this.#syncer = syncer
    this.#neighbours = neighbours
    this.#book = new AddressBook(node.config.bootstrap)
    this.#selfKey = keyOf(node.endpoint.id)
    this.#dialler = new Dialler(node)
    this.#dialler.onReached = (to, peer) => this.#reached(to, peer)
    this.#dialler.onUnreachable = (to) => void (isPeerId(to) && this.#avoid(to))
  }

  get isLonely(): boolean {
    return this.#lonely.value
  }

  start(): void {
    this.#node.scope.add(() => this.#retry())
    this.#node.scope.spawn((signal) => follow(this.#node.keeper.catalog, signal, () => this.changed()))
    this.#node.scope.spawn((signal) => follow(this.#node.endpoint.connections, signal, () => this.changed()))
    this.#node.scope.spawn((signal) => this.#redial(signal))
    for (const address of this.#lost().bootstrap) this.#dialler.dial(address)
  }

  /** Tries once now, and again with everything else that is remembered while the node is lonely. */
  dial(address: string): void {
    this.#book.remember(undefined, [address])
    this.#dialler.dial(address)
  }

  /** Somebody who may be in the network, found by other means. A hint: tried, not remembered. */
  meet(addresses: readonly string[]): void {
    const { endpoint } = this.#node
    const usable = addresses.filter(isAddress).slice(0, MAX_HINTS)
    const peer = splitAddress(usable[0] ?? '').peerId
    if (peer === undefined || !usable.every((address) => splitAddress(address).peerId === peer)) {
      for (const address of usable) this.#dialler.dial(address)
    } else if (peer !== endpoint.id && !this.#neighbours().has(peer)) {
      endpoint.learn(peer, usable)
      this.#dialler.dial(peer)
    }
  }

  /** Somebody who has answered. */
  remember(peer: PeerId, addresses: readonly string[]): void {
    this.#book.remember(peer, addresses)
  }

  /** Somebody who has become a neighbour. */
  met(peer: PeerId): void {
    this.#book.met(peer)
  }

  /** Somebody whose entry has expired, and who may still be out there. */
  lostSight(peer: PeerId, addresses: readonly string[]): void {
    this.#book.lostSight(peer, addresses)
  }

  /** Somebody who said goodbye. */
  forget(peer: PeerId): void {
    this.#book.forget(peer)
    this.#failed.delete(peer)
  }

  /** Looks for a lost peer or two, so that two halves of a network meet again even when neither is lonely. */
  probe(): void {
    const { prng } = this.#node.endpoint
    const { bootstrap, known, heardOf } = this.#lost()
    for (const address of [...sample([...bootstrap, ...known], 1, prng), ...sample(heardOf, 1, prng)]) this.#dialler.dial(address)
  }

  /** The catalog, the neighbours or the connections have changed. */
  changed(): void {
    this.#lonely.set(this.#neighbours().size === 0 || this.#node.keeper.store.livePeers === 0)
    if (this.#planned) return
    this.#planned = true
    const { clock, prng } = this.#node.endpoint
    const cancel = clock.after(PLAN_MS * (1 + prng.float()), () => {
      forget()
      this.#planned = false
      this.#plan()
    })
    const forget = this.#node.scope.add(cancel)
  }

  /**
   * Gives up connections that are neither to neighbours that this node wants nor in use: they were made for one question, or
   * to whoever was a neighbour in a smaller network. Twice seen idle, and only while this node has the neighbours it wants.
   */
  tidy(isNeeded: (peer: PeerId) => boolean): void {
    const { endpoint, keeper } = this.#node
    const connected = endpoint.connections.value
    const wanted = new Set(this.#wanted(endpoint.clock.monotonic()))
    const isSettled = [...wanted].every((peer) => connected.has(peer))
    const idle = [...connected].filter((peer) => !wanted.has(peer) && !isNeeded(peer) && keeper.store.entryOf(peer) !== undefined)
    if (isSettled) for (const peer of idle) if (this.#idle.has(peer)) endpoint.release(peer)
    this.#idle = new Set(idle)
  }

  #wanted(now: number): PeerId[] {
    const isAvoided = (peer: PeerId): boolean => (this.#failed.get(peer)?.until ?? 0) > now
    return wantedNeighbours(this.#selfKey, this.#peers(), isAvoided, this.#node.endpoint.connections.value)
  }

  #plan(): void {
    const now = this.#node.endpoint.clock.monotonic()
    const missing = this.#wanted(now).filter((peer) => !this.#node.endpoint.connections.value.has(peer))
    const allowedAt = this.#failures.nextAt()
    if (allowedAt <= now) for (const peer of missing) this.#dialler.dial(peer)
    this.#planAgain(now, missing.length > 0 && allowedAt > now ? allowedAt : Number.POSITIVE_INFINITY)
  }

  /** At `next`, or when the first of those who are passed over may be tried again. */
  #planAgain(now: number, next: number): void {
    for (const [peer, { until }] of this.#failed) {
      if (this.#node.keeper.store.get(peer)?.entry === undefined) this.#failed.delete(peer)
      else if (until > now) next = Math.min(next, until)
    }
    this.#retry()
    this.#retry = next === Number.POSITIVE_INFINITY ? () => {} : this.#node.endpoint.clock.after(next - now, () => this.changed())
  }

  async #redial(signal: AbortSignal): Promise<void> {
    const { clock, prng } = this.#node.endpoint
    for (;;) {
      await this.#lonely.until((lonely) => lonely, { signal })
      for (const pause of backoff(LONELY, prng)) {
        await sleep(clock, pause, { signal })
        if (!this.#lonely.value) break
        const { bootstrap, known, heardOf } = this.#lost()
        const others = [...heardOf, ...this.#peers().map(({ peerId }) => peerId)]
        for (const to of [...bootstrap, ...sample(known, KNOWN_PER_ROUND, prng), ...sample(others, KNOWN_PER_ROUND, prng)])
          this.#dialler.dial(to)
      }
    }
  }

  /** Everyone in the catalog. */
  #peers(): RingPeer[] {
    const { endpoint, keeper } = this.#node
    const peers: RingPeer[] = []
    for (const { key, entry } of keeper.store.held())
      if (entry !== undefined && entry.peerId !== endpoint.id) peers.push({ key, peerId: entry.peerId })
    return peers
  }

  /** Where somebody may be who is missing: from the catalog, and for a lonely node also from its neighbours. */
  #lost(): Lost {
    const { endpoint, keeper } = this.#node
    const neighbours = this.#neighbours()
    return this.#book.lost((peer) => {
      if (peer === endpoint.id) return false
      return keeper.store.get(peer)?.entry === undefined || (this.isLonely && !neighbours.has(peer))
    })
  }

  #reached(to: string, peer: PeerId): void {
    if (to !== peer) this.#book.answered(to, peer)
    this.#failed.delete(peer)
    this.#node.scope.spawn(() => this.#syncer.trySync(peer))
  }

  #avoid(peer: PeerId): void {
    const now = this.#node.endpoint.clock.monotonic()
    const pause = Math.min(MAX_AVOID_MS, 2 * (this.#failed.get(peer)?.pause ?? AVOID_MS / 2))
    this.#failed.delete(peer)
    this.#failed.set(peer, { pause, until: now + pause })
    this.#failures.spend(now)
    for (const oldest of this.#failed.keys()) {
      if (this.#failed.size <= MAX_AVOIDED) break
      this.#failed.delete(oldest)
    }
    this.changed()
  }
}
