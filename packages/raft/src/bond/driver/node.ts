import { CloseReasons, createScope, MosaikError } from '@mosaik/core'
import type { CloseReason, GroupId, Link, PeerId, Scope } from '@mosaik/core'
import type { PeerEntry } from '@mosaik/discovery'
import type { Start } from '../wire/frames.ts'
import { PROTOCOL } from '../wire/protocol.ts'
import { Acceptor } from './acceptor.ts'
import type { BondContext } from './context.ts'
import { Misfits } from './misfits.ts'
import { Pair } from './pair.ts'
import type { PairHost } from './pair.ts'
import type { Party } from './party.ts'
import { Roster } from './roster.ts'
import type { RosterFollower } from './roster.ts'

/** Bonds with peers that have proved no group yet; more are refused with `TooManyRequests`. */
const MAX_UNPROVED = 256

/** All groups of a node and all its peers. */
export class BondNode implements PairHost, RosterFollower {
  readonly context: BondContext
  readonly #scope: Scope
  readonly #roster: Roster
  readonly #parties = new Map<GroupId, { readonly party: Party; readonly withdraw: () => void }>()
  readonly #pairs = new Map<PeerId, Pair>()
  readonly #leaving = new Set<Promise<void>>()
  readonly #misfits: Misfits

  constructor(context: BondContext) {
    this.context = context
    this.#misfits = new Misfits(context)
    const { logger } = context
    this.#scope = createScope({
      onError: (error) => {
        if (!MosaikError.is(error, 'ERR_CLOSED')) logger.error('bonds follow the catalog no more: %o', error)
      },
    })
    this.#roster = new Roster(context, this)
    const acceptor = new Acceptor(context, (link, start) => this.#accept(link, start))
    context.endpoint.handle(PROTOCOL, (stream) => acceptor.accept(stream))
    this.#scope.spawn((signal) => this.#roster.follow(signal))
  }

  get isClosed(): boolean {
    return this.#scope.signal.aborted
  }

  partyOf(groupId: GroupId): Party | undefined {
    return this.#parties.get(groupId)?.party
  }

  isNamed(party: Party, peerId: PeerId): boolean {
    return party.configured.has(peerId) || this.context.entryOf(peerId)?.groups.has(party.groupId) === true
  }

  /** Throws `ERR_ALREADY_EXISTS`, and what `advertise` throws. */
  join(party: Party): void {
    if (this.#parties.has(party.groupId)) {
      throw new MosaikError('ERR_ALREADY_EXISTS', `group ${party.groupId} is joined already; leave it first`)
    }
    const withdraw = this.context.discovery.advertise({ group: party.groupId, hint: party.hint })
    this.#parties.set(party.groupId, { party, withdraw })
    for (const entry of [...this.#roster.entries]) {
      if (entry.groups.has(party.groupId)) this.pairWith(entry.peerId).consider(party, true)
      else this.#misfits.look(party, entry, (group) => this.#parties.has(group as GroupId))
    }
  }

  leave(party: Party, reason: CloseReason): Promise<void> {
    const joined = this.#parties.get(party.groupId)
    if (joined?.party !== party) return Promise.resolve()
    this.#parties.delete(party.groupId)
    party.left = true
    party.bonds.close(new MosaikError('ERR_CLOSED', `group ${party.groupId} was left`))
    joined.withdraw()
    const leaving = this.#leaveAll(party, reason).finally(() => this.#leaving.delete(leaving))
    this.#leaving.add(leaving)
    return leaving
  }

  /** The pair with a peer; made when there is none. */
  pairWith(peerId: PeerId): Pair {
    let pair = this.#pairs.get(peerId)
    if (pair === undefined) {
      pair = new Pair(this, peerId)
      this.#pairs.set(peerId, pair)
    }
    return pair
  }

  /** The pair with a peer, if anything is between us. */
  findPair(peerId: PeerId): Pair | undefined {
    return this.#pairs.get(peerId)
  }

  forget(pair: Pair): void {
    if (this.#pairs.get(pair.peerId) === pair) this.#pairs.delete(pair.peerId)
  }

  /** Of every pair, also of those that are made or forgotten meanwhile. */
  get pairs(): Pair[] {
    return [...this.#pairs.values()]
  }

  heard(): ReadonlyMap<PeerId, number> {
    const now = this.context.clock.monotonic()
    const heard = new Map<PeerId, number>()
    for (const { peerId, bond } of this.#pairs.values()) if (bond?.heardAt !== undefined) heard.set(peerId, now - bond.heardAt)
    return heard
  }

  onEntry(peerId: PeerId, entry: PeerEntry | undefined, before: PeerEntry | undefined): void {
    if (peerId === this.context.endpoint.id) return
    for (const { party } of [...this.#parties.values()]) {
      const isNamed = entry?.groups.has(party.groupId) === true || party.configured.has(peerId)
      if (entry !== undefined) this.#misfits.look(party, entry, (group) => this.#parties.has(group as GroupId))
      if (isNamed) this.pairWith(peerId).consider(party, true)
      else if (before?.groups.has(party.groupId) === true || before === undefined) this.#pairs.get(peerId)?.consider(party, false)
    }
  }

  onOwnTickets(): void {
    for (const pair of this.pairs) pair.considerAll(true)
  }

  onConnected(peerId: PeerId): void {
    this.#pairs.get(peerId)?.connected()
  }

  async close(): Promise<void> {
    const closing = this.#scope.close(new MosaikError('ERR_CLOSED', 'the bonds of this node are closed'))
    this.context.endpoint.unhandle(PROTOCOL)
    for (const { party } of [...this.#parties.values()]) void this.leave(party, CloseReasons.GracefulShutdown)
    await Promise.all([...this.pairs.map((pair) => pair.close()), ...this.#leaving, closing])
  }

  async #leaveAll(party: Party, reason: CloseReason): Promise<void> {
    await Promise.all(this.pairs.map((pair) => pair.leave(party, reason)))
  }

  #accept(link: Link, start: Start): void {
    if (this.isClosed) return void link.close(CloseReasons.GracefulShutdown)
    const unproved = this.pairs.filter(({ bond }) => bond?.up.length === 0).length
    if (unproved >= MAX_UNPROVED) {
      return void link.close({ ...CloseReasons.TooManyRequests, detail: `${unproved} bonds have proved no group yet` })
    }
    this.pairWith(link.peerId).accept(link, start)
  }
}
