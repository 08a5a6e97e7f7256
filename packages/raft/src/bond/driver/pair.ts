import { backoff, CloseReasons } from '@mosaik/core'
import type { CloseReason, GroupId, Link, PeerId } from '@mosaik/core'
import { Retry } from '../logic/retry.ts'
import { whenDialled } from '../logic/rivals.ts'
import type { Standing } from '../logic/rivals.ts'
import { encodeFrame } from '../wire/frames.ts'
import type { Start } from '../wire/frames.ts'
import { GroupCloseReasons } from '../wire/protocol.ts'
import { PeerBond } from './bond.ts'
import type { BondHost } from './bond.ts'
import type { BondContext, Judgement } from './context.ts'
import { Dial } from './dial.ts'
import type { Party } from './party.ts'
import { Wants } from './wants.ts'

/** Delays between attempts, ms, each ± half. */
const REDIAL = { initial: 200, factor: 2, max: 10_000, jitter: 0.5 }
const REOPEN = { initial: 1_000, factor: 2, max: 60_000, jitter: 0.5 }

/** The node, as a pair needs it. */
export interface PairHost {
  readonly context: BondContext
  partyOf(groupId: GroupId): Party | undefined
  /** The catalog or the group itself names this peer. */
  isNamed(party: Party, peerId: PeerId): boolean
  /** Nothing is wanted of the peer, and there is no bond. */
  forget(pair: Pair): void
}

/** This node and one peer: what is wanted, and the one bond, or the one dial, that serves it. */
export class Pair implements BondHost {
  readonly peerId: PeerId
  readonly #host: PairHost
  readonly #context: BondContext
  readonly #wants: Wants
  readonly #redial: Retry
  #bond: PeerBond | undefined
  /** Who dialled the bond, and how it is told from others. */
  #standing: Standing | undefined
  #dial: Dial | undefined
  /** The token of the newest bond accepted from the peer. */
  #seen = 0n
  #cancelRedial: (() => void) | undefined
  /** One sync after the peer did not know us, until there was a bond. */
  #hasSynced = false
  #isClosed = false

  constructor(host: PairHost, peerId: PeerId) {
    const { context } = host
    this.#host = host
    this.#context = context
    this.peerId = peerId
    this.#redial = new Retry(() => backoff(REDIAL, context.prng))
    this.#wants = new Wants(
      context,
      () => backoff(REOPEN, context.prng),
      (party) => this.#attempt(party),
    )
  }

  get bond(): PeerBond | undefined {
    return this.#bond
  }

  /** Decides anew what to do about a group. `news`: something may have changed the outcome of what failed before. */
  consider(party: Party, news: boolean): void {
    if (this.#isClosed) return
    if (this.#bond?.has(party) === true && this.#context.entryOf(this.peerId) !== undefined) this.#bond.rejudge(party)
    if (!this.#isWanted(party)) {
      if (this.#bond?.has(party) !== true) this.#wants.delete(party)
      return this.#review()
    }
    if (news) this.#hurry()
    if (this.#wants.add(party, news) && this.#bond?.has(party) !== true) this.#attempt(party)
  }

  /** The same for every group that there is between us. */
  considerAll(news: boolean): void {
    for (const party of new Set([...this.#wants.all, ...(this.#bond?.parties ?? [])])) this.consider(party, news)
  }

  /** There is a connection that was not there before: the peer lives. */
  connected(): void {
    if (this.#bond !== undefined || this.#wants.due.length === 0) return
    this.#hurry()
    this.#ensureDial()
  }

  /** The group has left. Resolves when the bond is closed, if nobody else needs it. */
  async leave(party: Party, reason: CloseReason): Promise<void> {
    this.#wants.delete(party)
    this.#bond?.leave(party, reason, true)
    if (this.#wants.size === 0 && this.#bond?.isIdle === true) await this.#bond.close(GroupCloseReasons.NothingInCommon)
    this.#review()
  }

  /** The peer dials. Takes over the link. */
  accept(link: Link, start: Start): void {
    if (this.#isClosed) return void link.close(CloseReasons.GracefulShutdown)
    const ours = this.#dial === undefined ? this.#standing : dialled(this.#dial, undefined)
    if (whenDialled(ours, start, this.#context.endpoint.id < this.peerId) === 'refuse') {
      return void link.close({ ...GroupCloseReasons.AlreadyBonded, detail: 'both have dialled; the bond of the lower peer id stays' })
    }
    this.#giveUpDial(GroupCloseReasons.AlreadyBonded)
    const before = this.#bond
    this.#bond = undefined // its end is no loss: the next one is here
    void before?.close(GroupCloseReasons.Replaced)
    if (this.#isClosed) return void link.close(CloseReasons.GracefulShutdown) // by a group that was told
    this.#seen = start.token
    link.send(encodeFrame({ type: 'welcome', run: this.#context.run }))
    this.#begin(link, { dialledBy: 'them', started: true, token: start.token, run: start.run })
  }

  /** Ends everything. Resolves when the other side has hung up, within 2 s. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#wants.clear()
    this.#giveUpDial(CloseReasons.GracefulShutdown)
    this.#stopRedial()
    await this.#bond?.close(CloseReasons.GracefulShutdown)
  }

  admit(groupId: GroupId): Party | CloseReason {
    const party = this.#host.partyOf(groupId)
    if (party === undefined) return GroupCloseReasons.GroupNotFound
    const judgement = this.judge(party)
    return judgement.allowed ? party : judgement.reason
  }

  /** Do the peer's tickets hold? Tells of every new reason why not. */
  judge(party: Party): Judgement {
    const judgement = this.#context.judge(party, this.#context.entryOf(this.peerId))
    const detail = judgement.allowed ? undefined : judgement.reason.detail
    if (!party.isNews(this.peerId, detail) || detail === undefined) return judgement
    this.#context.meters.refusedTickets.add()
    this.#context.logger.info('%s is kept out of group %s: %s', this.peerId, party.groupId, detail)
    return judgement
  }

  onGroupUp(party: Party): void {
    this.#hasSynced = false
    this.#wants.up(party)
  }

  onGroupEnded(party: Party, reason: CloseReason, upAt: number | undefined): void {
    if (upAt === undefined) this.#context.logger.debug('%s refused or was refused in %s: %o', this.peerId, party.groupId, reason)
    if (party.left) return
    if (this.#isWanted(party)) {
      this.#wants.add(party, false)
      this.#wants.later(party, reason, upAt)
    } else this.#wants.delete(party)
  }

  onEnded(bond: PeerBond, reason: CloseReason): void {
    this.#context.logger.debug('the bond with %s ended: %s %s', this.peerId, reason.name, reason.detail ?? '')
    if (this.#bond !== bond) return
    this.#bond = undefined
    this.#standing = undefined
    for (const party of this.#wants.due) if (!this.#isWanted(party)) this.#wants.delete(party)
    this.#redialLater(bond.since)
    this.#review()
  }

  #isWanted(party: Party): boolean {
    if (party.left || !this.#host.isNamed(party, this.peerId)) return false
    return this.judge(party).allowed
  }

  #attempt(party: Party): void {
    if (!this.#isWanted(party)) {
      this.#wants.delete(party)
      return this.#review()
    }
    if (this.#bond === undefined) this.#ensureDial()
    // Whoever may only ask hears nothing when the peer is not interested.
    else if (!this.#bond.request(party)) this.#wants.later(party, undefined, undefined)
  }

  #hurry(): void {
    this.#redial.reset()
    this.#stopRedial()
  }

  #ensureDial(): void {
    if (this.#isClosed || this.#bond !== undefined || this.#dial !== undefined || this.#cancelRedial !== undefined) return
    if (this.#wants.due.length > 0) void this.#run(new Dial(this.#context, this.peerId))
  }

  async #run(dial: Dial): Promise<void> {
    this.#dial = dial
    const result = await dial.run(this.#seen)
    if (this.#dial !== dial) {
      if ('link' in result) void result.link.close(GroupCloseReasons.AlreadyBonded)
      return
    }
    if ('link' in result) {
      this.#dial = undefined
      return this.#begin(result.link, dialled(dial, result.run))
    }
    this.#context.logger.debug('no bond with %s: %s %s', this.peerId, result.failed.name, result.failed.detail ?? '')
    const isStranger = result.failed.code === CloseReasons.UnknownPeer.code
    if (isStranger && !this.#hasSynced) {
      this.#hasSynced = true
      const helped = await this.#context.sync(this.peerId)
      if (this.#dial !== dial) return
      this.#dial = undefined
      if (helped) return this.#ensureDial()
    }
    this.#dial = undefined
    this.#redialLater(undefined)
    this.#review()
  }

  #begin(link: Link, standing: Standing): void {
    this.#giveUpDial(GroupCloseReasons.AlreadyBonded)
    this.#stopRedial()
    this.#standing = standing
    const bond = new PeerBond(this.#context, link, this)
    this.#bond = bond
    bond.begin()
    for (const party of this.#wants.due) if (this.#bond === bond) this.#attempt(party)
  }

  #giveUpDial(reason: CloseReason): void {
    const dial = this.#dial
    this.#dial = undefined
    dial?.cancel(reason)
  }

  #redialLater(since: number | undefined): void {
    if (this.#isClosed || this.#cancelRedial !== undefined || this.#wants.due.length === 0) return
    const { clock } = this.#context
    this.#cancelRedial = clock.after(this.#redial.failed(clock.monotonic(), since), () => {
      this.#cancelRedial = undefined
      this.#ensureDial()
    })
  }

  #stopRedial(): void {
    this.#cancelRedial?.()
    this.#cancelRedial = undefined
  }

  /** Gives up what nobody wants any more. */
  #review(): void {
    if (this.#wants.size > 0) return
    this.#stopRedial()
    this.#giveUpDial(CloseReasons.Cancelled)
    if (this.#bond === undefined) this.#host.forget(this)
  }
}

function dialled({ started, token }: Dial, run: bigint | undefined): Standing {
  return { dialledBy: 'us', started, token, run }
}
