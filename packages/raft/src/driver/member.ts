import { CloseReasons, createBroadcast, createWatch, MosaikError } from '@mosaik/core'
import type { Broadcast, CloseReason, PeerId, WatchSource } from '@mosaik/core'
import type { Effect, Role, SendEffect } from '../logic/effects.ts'
import type { Entry } from '../logic/entry.ts'
import { patience } from '../logic/options.ts'
import type { Preference } from '../logic/options.ts'
import type { SnapshotMeta } from '../logic/snapshot.ts'
import type { Cursor, Index, LineageId, Term } from '../logic/types.ts'
import type { Bond, GroupEvent, GroupStatus, Member as MemberInfo } from '../types.ts'
import { Applier } from './applier.ts'
import { fatesOf } from './fates.ts'
import { Calls } from './calls.ts'
import { Life, restoreFrom } from './life.ts'
import { handOver } from './handover.ts'
import { lineageEvent, storedLineages } from './histories.ts'
import { encodeStoredState } from './log-writer.ts'
import type { MemberInit } from './member-init.ts'
import { membersOf, sameMembers, statusOf } from './members.ts'
import type { Facts } from './meters.ts'
import { whatIsMissing } from './missing.ts'
import { Reads } from './reads.ts'
import { Resubmission } from './resubmission.ts'
import { SnapshotExchange } from './snapshot-exchange.ts'

const EVENTS_BACKLOG = 256
const INCARNATION_BYTES = 8
/** Beside what leaving may take by itself: two election timeouts. */
const CLOSE_MS = 1_000

type Wanted = Exclude<Effect, SendEffect | { type: 'persist' | 'prune' }>

/** This node's place in one group, whatever the number of handles: its state, its calls, and the life that it lives now. */
export class GroupMember {
  readonly init: MemberInit
  readonly leader: WatchSource<PeerId | undefined> = createWatch<PeerId | undefined>(undefined)
  readonly role: WatchSource<Role> = createWatch<Role>('follower')
  readonly committed: WatchSource<Index> = createWatch(0)
  readonly position: WatchSource<Cursor> = createWatch<Cursor>({ term: 0, index: 0 })
  readonly members: WatchSource<readonly MemberInfo[]> = createWatch<readonly MemberInfo[]>([])
  readonly bonds: WatchSource<readonly Bond[]> = createWatch<readonly Bond[]>([])
  readonly events: Broadcast<GroupEvent> = createBroadcast<GroupEvent>({ backlog: EVENTS_BACKLOG })
  readonly calls: Calls
  readonly reads: Reads
  lineage: LineageId | undefined
  readonly #applier: Applier
  readonly #exchange: SnapshotExchange
  readonly #resubmission: Resubmission
  #life: Life | undefined
  #preference: Preference
  #leaderlessSince: number
  #sessions = 0
  #ended: Error | undefined
  readonly #departed = Promise.withResolvers<void>()
  readonly #started: Promise<void>
  readonly #cancelTick: () => void

  constructor(init: MemberInit) {
    const { clock, settings, host, meters, groupId, networkId } = init
    this.init = init
    this.#preference = settings.preference
    this.#leaderlessSince = clock.monotonic()
    const missing = (): string => this.missing()
    this.calls = new Calls({
      clock,
      missing,
      tryTimeout: settings.forwardTimeout,
      propose: (proposals) => {
        const last = proposals.at(-1)
        if (last !== undefined && this.role.value !== 'leader') meters.forwards.begin(last.id)
        this.#life?.runner.propose(proposals)
      },
      onFailed: (error) => meters.failed('command', error),
      newSession: () => `${Buffer.from(init.prng.bytes(INCARNATION_BYTES)).toString('hex')}.${++this.#sessions}`,
    })
    this.reads = new Reads({
      clock,
      missing,
      submit: (event) => this.#life?.runner.submit(event),
      probes: meters.reads,
      onFailed: (error) => meters.failed('query', error),
    })
    this.#resubmission = new Resubmission({
      clock,
      logger: init.logger,
      tryTimeout: settings.forwardTimeout,
      propose: (proposals) => this.#life?.runner.propose(proposals),
    })
    this.#applier = new Applier({ host, fates: fatesOf(this.calls, this.#resubmission), groupId, networkId })
    this.#exchange = new SnapshotExchange({
      clock,
      logger: init.logger,
      turns: init.turns,
      sync: settings.sync,
      store: init.store,
      send: (peer, bytes) => this.#life?.sendFrame(peer, bytes) ?? false,
      incarnation: () => this.#life?.incarnation,
      peers: () => [...(this.#life?.core.state.peers.keys() ?? [])],
      leader: () => this.leader.value,
      receiver: () => this.#applier.receiver(),
    })
    // Also while there is no life, between two of them or before the first: calls end in time.
    this.#cancelTick = init.ticker.every(settings.timing.heartbeatInterval / 2, (now, heard) => this.#onTick(now, heard))
    this.#started = this.#start().catch((error: unknown) => this.fail(error as Error))
  }

  get term(): Term {
    return this.#life?.core.state.term ?? 0
  }

  /** Why it is over, if it is. */
  get ended(): Error | undefined {
    return this.#ended
  }

  /** Another handle is more eligible: so is the member, for as long as it lives. */
  prefer(preference: Preference): void {
    if (this.#ended !== undefined || patience(preference) >= patience(this.#preference)) return
    this.#preference = preference
    this.#life?.prefer(preference)
  }

  /** Throws `ERR_TIMEOUT` and `ERR_INVALID_OPTION`. */
  async transfer(to: PeerId | undefined): Promise<void> {
    await handOver(to, {
      clock: this.init.clock,
      leader: this.leader,
      members: this.members,
      pause: 2 * this.init.settings.timing.electionTimeout,
      ask: (peer) => this.#life?.runner.submit({ type: 'transfer', to: peer }),
      missing: () => this.missing(),
    })
  }

  /** What stands between this node and an answer, in words. */
  missing(): string {
    return whatIsMissing(this.#life?.core.state, this.init.clock.monotonic() - this.#leaderlessSince)
  }

  status(): GroupStatus {
    const state = this.#life?.core.state
    return {
      members: state === undefined ? [] : statusOf(state),
      missing: this.leader.value === undefined ? this.missing() : undefined,
    }
  }

  /** Hands over, asks to be removed, says goodbye. Bounded. */
  async close(): Promise<void> {
    await this.#started
    if (this.#ended === undefined && this.#life !== undefined) {
      const farewell = this.calls.farewell()
      if (farewell !== undefined) this.#life.runner.propose([farewell])
      this.#life.runner.submit({ type: 'close' })
      const { promise: timeout, resolve } = Promise.withResolvers<void>()
      const cancel = this.init.clock.after(2 * this.init.settings.timing.electionTimeout + CLOSE_MS, resolve)
      await Promise.race([this.#departed.promise, timeout])
      cancel()
    }
    await this.#end(new MosaikError('ERR_CLOSED', 'the group was closed'))
  }

  /** It cannot go on here; nobody else is disturbed. */
  fail(error: Error): void {
    if (this.#ended !== undefined) return
    this.init.logger.error('group %s has failed on this node: %o', this.init.groupId, error)
    this.events.publish({ type: 'failed', error })
    void this.#end(error)
  }

  async #end(error: Error): Promise<void> {
    if (this.#ended !== undefined) return
    this.#ended = error
    this.#cancelTick()
    this.#departed.resolve()
    this.calls.fail(error)
    this.reads.fail(error)
    this.#resubmission.close()
    this.#exchange.close()
    for (const watch of [this.leader, this.role, this.committed, this.position, this.members, this.bonds]) watch.close(error)
    this.events.close()
    this.init.meters.close()
    this.init.onEnd()
    await this.#life?.stop()
    await this.init.store.close().catch((cause: unknown) => this.init.logger.warn('closing the store failed: %o', cause))
  }

  async #start(): Promise<void> {
    const { store, me, prng, logger } = this.init
    await this.init.after
    const { cut } = await store.open({ owner: me })
    if (cut !== undefined)
      logger.warn('%d half-written bytes were cut from %s at %d; nothing of them was acknowledged', cut.bytes, cut.file, cut.offset)
    const stored = await restoreFrom(store)
    if (this.#ended !== undefined) return
    if (stored !== undefined) for (const lineage of storedLineages(stored.restored)) this.events.publish(lineageEvent(lineage))
    if (stored?.restored.snapshot !== undefined) {
      const { index, term } = stored.restored.snapshot
      await this.#exchange.installStored(stored.restored.snapshot)
      if (this.ended !== undefined) return
      this.lineage = stored.restored.hardState.lineage?.id // first: who hears of the position asks of which history it is
      this.position.set({ term, index })
    }
    const incarnation = stored?.incarnation ?? Buffer.from(prng.bytes(INCARNATION_BYTES)).toString('hex')
    this.#begin(incarnation, stored?.restored)
  }

  #begin(incarnation: string, restored: ConstructorParameters<typeof Life>[2]): void {
    this.#life = new Life(
      {
        ...this.init,
        preference: this.#preference,
        perform: (effect) => this.#perform(effect),
        onBonds: () => this.#look(),
        onForwardLost: () => this.calls.heldUp(),
        onFrame: (peer, bytes) => this.#exchange.receive(peer, bytes),
        onAppended: (index) => this.init.meters.commits.begin(index),
        onFailed: (error) => this.fail(error),
      },
      incarnation,
      restored,
    )
    this.lineage = this.#life.core.state.lineage?.id
    this.#look()
  }

  /** What it acknowledged is no longer here, or counts no longer: it comes back as another member, with nothing. */
  #comeBack(reason: CloseReason): void {
    this.#beginAnew(reason).catch((error: unknown) => this.fail(error as Error))
  }

  async #beginAnew(reason: CloseReason): Promise<void> {
    const { store, prng, logger } = this.init
    this.init.meters.count('raft.returns')
    logger.warn('group %s: this node comes back as a new member: %s', this.init.groupId, reason.detail ?? reason.name)
    const old = this.#life
    this.#life = undefined
    this.#led(undefined)
    this.role.set('follower')
    await old?.stop(reason)
    await this.#exchange.reset()
    const incarnation = Buffer.from(prng.bytes(INCARNATION_BYTES)).toString('hex')
    // At once with the log: who restarts without it must not pass for the one that had it.
    const hardState = encodeStoredState({ incarnation, lineage: undefined, term: 0, vote: undefined, commit: 0 })
    await store.write({ reset: { term: 0, index: 0 }, hardState })
    if (this.#ended !== undefined) return
    this.#applier.reset()
    this.position.set({ term: 0, index: 0 })
    this.#begin(incarnation, undefined)
  }

  #onTick(now: number, heard: ReadonlyMap<PeerId, number>): void {
    const life = this.#life
    life?.tick(now, heard)
    this.calls.tick()
    this.#resubmission.tick()
    this.reads.tick()
    if (life?.runner.takeNews() !== true) return
    this.#look()
    this.init.meters.watch(this.#facts)
  }

  /** Members and bonds are derived: from the configuration, and from who is bonded. */
  #look(): void {
    const life = this.#life
    if (life === undefined || this.#ended !== undefined) return
    const { bonds } = life.membership
    if (bonds.value !== this.bonds.value) this.bonds.set(bonds.value)
    const members = membersOf(life.core.state)
    if (sameMembers(members, this.members.value)) return
    this.members.set(members)
    this.events.publish({ type: 'membership', members })
  }

  readonly #facts = (): Facts | undefined => {
    const state = this.#life?.core.state
    if (state === undefined) return undefined
    const [sessions, calls, reads] = [this.#applier.sessions, this.calls.size, this.reads.size]
    return { state, sessions, calls, reads, snapshots: this.#exchange.counts }
  }

  #led(leader: PeerId | undefined): void {
    this.init.meters.led(leader)
    if (this.leader.value !== undefined) this.#leaderlessSince = this.init.clock.monotonic()
    if (leader === undefined) this.reads.restart()
    this.leader.set(leader)
    this.#life?.runner.withdraw()
    this.calls.led(leader !== undefined)
    this.#resubmission.led(leader !== undefined)
    this.reads.led(leader !== undefined)
  }

  #perform(effect: Wanted): void {
    const { meters } = this.init
    switch (effect.type) {
      case 'apply':
        return this.#apply(effect.entries)
      case 'committed':
        meters.commits.reached(effect.index)
        return this.committed.set(effect.index)
      case 'accepted':
        meters.forwards.met(effect.id)
        return this.calls.accepted(effect.id, effect.index)
      case 'refused':
        return this.calls.heldUp()
      case 'read-ready':
        return this.reads.ready(effect.id, effect.index)
      case 'read-refused':
        return this.reads.refused(effect.id)
      case 'role':
        meters.role(effect.role)
        return this.role.set(effect.role)
      case 'leader':
        this.#led(effect.leader)
        return this.events.publish({ type: 'leader', leader: effect.leader, term: effect.term })
      case 'membership':
        this.#life?.membership.want(effect.configuration.voters.map(({ peerId }) => peerId).filter((peer) => peer !== this.init.me))
        return this.#look()
      default:
        return this.#performRare(effect)
    }
  }

  #performRare(effect: Wanted): void {
    const { meters } = this.init
    const life = this.#life
    switch (effect.type) {
      case 'lineage': {
        this.lineage = effect.lineage.id
        meters.count('raft.lineages')
        if (effect.lineage.parent !== undefined) meters.count('raft.lineages.recovered')
        return this.events.publish(lineageEvent(effect.lineage))
      }
      case 'take-snapshot':
        return this.#takeSnapshot(effect.snapshot, life)
      case 'snapshot-settled':
        return this.#life?.writer.saving(this.#exchange.settle(effect.snapshot))
      case 'need-snapshot':
        return this.#fetchSnapshot(effect.snapshot, life)
      case 'superseded':
        return this.#supersede(effect)
      case 'breach':
        return this.#comeBack({ ...CloseReasons.ProtocolViolation, detail: effect.reason })
      case 'diverged':
        meters.count('raft.diverged')
        this.events.publish({ type: 'diverged', peerId: effect.peerId, index: effect.index })
        return this.#comeBack({ ...CloseReasons.ProtocolViolation, detail: `its log or state differs at ${effect.index}` })
      case 'fatal':
        return this.fail(new MosaikError('ERR_GROUP_FAILED', effect.reason))
      case 'departed':
        return this.#departed.resolve()
      default:
    }
  }

  #takeSnapshot(snapshot: SnapshotMeta, life: Life | undefined): void {
    this.#exchange.take(snapshot, this.#applier.view()).then(
      (taken) => taken !== undefined && life?.runner.submit({ type: 'snapshot-taken', index: snapshot.index, ...taken }),
      (error: unknown) => this.fail(error as Error),
    )
  }

  /** For the life that has asked for it only. */
  #fetchSnapshot(snapshot: SnapshotMeta, life: Life | undefined): void {
    const { term, index } = snapshot
    this.#exchange.fetch(snapshot, {
      onSwapped: () => {
        if (this.#life !== life) return
        this.committed.set(index)
        this.position.set({ term, index })
      },
      onDone: () => life?.runner.submit({ type: 'snapshot-installed', snapshot }),
      onGivenUp: () => life?.runner.submit({ type: 'snapshot-failed' }),
      onError: (error) => this.fail(error),
    })
  }

  #apply(entries: readonly Entry[]): void {
    const last = entries.at(-1)
    if (last === undefined) return
    const { meters, clock } = this.init
    const began = clock.monotonic()
    this.#applier.apply(entries)
    meters.appliedSince(began)
    this.position.set({ term: last.term, index: last.index })
    this.#life?.runner.submit({ type: 'applied', index: last.index })
  }

  #supersede({ lineage, by, inherited, entries }: Extract<Wanted, { type: 'superseded' }>): void {
    const { host, settings } = this.init
    const lost = entries.flatMap(({ index, data }) =>
      data.kind === 'commands' ? data.payloads.map((payload) => ({ index, command: host.decodeCommand(payload) })) : [],
    )
    this.init.meters.count('raft.superseded', lost.length)
    this.events.publish({ type: 'superseded', lineage, by, entries: lost })
    const error = new MosaikError('ERR_SUPERSEDED', `the history ${lineage} of this group has lost against ${by}`)
    this.calls.supersede(error)
    if (settings.resubmit) this.#resubmission.add({ lineage, inherited, entries })
    this.#comeBack({ ...CloseReasons.GracefulShutdown, detail: `its history has yielded to ${by}` })
  }
}
