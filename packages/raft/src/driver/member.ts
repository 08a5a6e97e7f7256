import { MosaikError } from '@mosaik/core'
import type { CloseReason, PeerId } from '@mosaik/core'
import { patience } from '../logic/options.ts'
import type { Preference } from '../logic/options.ts'
import type { Term } from '../logic/types.ts'
import type { GroupStatus } from '../types.ts'
import { Applier } from './applier.ts'
import { fatesOf } from './fates.ts'
import { Calls } from './calls.ts'
import { Life, restoreFrom } from './life.ts'
import { handOver } from './handover.ts'
import { lineageEvent, storedLineages } from './histories.ts'
import { encodeStoredState } from './log-writer.ts'
import type { MemberInit } from './member-init.ts'
import { statusOf } from './members.ts'
import type { Facts } from './meters.ts'
import { whatIsMissing } from './missing.ts'
import { Outlook } from './outlook.ts'
import { Performer } from './performer.ts'
import { Reads } from './reads.ts'
import { Resubmission } from './resubmission.ts'
import { SnapshotExchange } from './snapshot-exchange.ts'

const INCARNATION_BYTES = 8
/** Beside what leaving may take by itself: two election timeouts. */
const CLOSE_MS = 1_000

/** This node's place in one group, whatever the number of handles: its state, its calls, and the life that it lives now. */
export class GroupMember {
  readonly init: MemberInit
  readonly outlook: Outlook
  readonly calls: Calls
  readonly reads: Reads
  readonly #applier: Applier
  readonly #exchange: SnapshotExchange
  readonly #resubmission: Resubmission
  readonly #performer: Performer
  #life: Life | undefined
  #preference: Preference
  #sessions = 0
  #ended: Error | undefined
  readonly #departed = Promise.withResolvers<void>()
  readonly #started: Promise<void>
  readonly #cancelTick: () => void

  constructor(init: MemberInit) {
    const { clock, settings, host, meters, groupId, networkId } = init
    this.init = init
    this.#preference = settings.preference
    this.outlook = new Outlook(clock)
    const missing = (): string => this.missing()
    this.calls = new Calls({
      clock,
      missing,
      tryTimeout: settings.forwardTimeout,
      propose: (proposals) => {
        const last = proposals.at(-1)
        if (last !== undefined && this.outlook.role.value !== 'leader') meters.forwards.begin(last.id)
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
      leader: () => this.outlook.leader.value,
      receiver: () => this.#applier.receiver(),
    })
    this.#performer = new Performer({
      member: init,
      outlook: this.outlook,
      calls: this.calls,
      reads: this.reads,
      resubmission: this.#resubmission,
      applier: this.#applier,
      exchange: this.#exchange,
      life: () => this.#life,
      onForfeited: (reason) => this.#comeBack(reason),
      onDeparted: () => this.#departed.resolve(),
      onFailed: (error) => this.fail(error),
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
      leader: this.outlook.leader,
      members: this.outlook.members,
      pause: 2 * this.init.settings.timing.electionTimeout,
      ask: (peer) => this.#life?.runner.submit({ type: 'transfer', to: peer }),
      missing: () => this.missing(),
    })
  }

  /** What stands between this node and an answer, in words. */
  missing(): string {
    return whatIsMissing(this.#life?.core.state, this.outlook.leaderless)
  }

  status(): GroupStatus {
    const state = this.#life?.core.state
    return {
      members: state === undefined ? [] : statusOf(state),
      missing: this.outlook.leader.value === undefined ? this.missing() : undefined,
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
    this.outlook.events.publish({ type: 'failed', error })
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
    this.outlook.close(error)
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
    if (stored !== undefined) for (const lineage of storedLineages(stored.restored)) this.outlook.events.publish(lineageEvent(lineage))
    if (stored?.restored.snapshot !== undefined) {
      const { index, term } = stored.restored.snapshot
      await this.#exchange.installStored(stored.restored.snapshot)
      if (this.ended !== undefined) return
      this.outlook.lineage = stored.restored.hardState.lineage?.id // first: who hears of the position asks of which history it is
      this.outlook.position.set({ term, index })
    }
    const incarnation = stored?.incarnation ?? Buffer.from(prng.bytes(INCARNATION_BYTES)).toString('hex')
    this.#begin(incarnation, stored?.restored)
  }

  #begin(incarnation: string, restored: ConstructorParameters<typeof Life>[2]): void {
    const life = new Life(
      {
        ...this.init,
        preference: this.#preference,
        perform: (effect) => this.#performer.perform(effect),
        onBonds: () => this.#life !== undefined && this.outlook.look(this.#life),
        onForwardLost: () => this.calls.heldUp(),
        onFrame: (peer, bytes) => this.#exchange.receive(peer, bytes),
        onAppended: (index) => this.init.meters.commits.begin(index),
        onFailed: (error) => this.fail(error),
      },
      incarnation,
      restored,
    )
    this.#life = life
    this.outlook.lineage = life.core.state.lineage?.id
    this.outlook.look(life)
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
    this.#performer.led(undefined)
    this.outlook.role.set('follower')
    await old?.stop(reason)
    await this.#exchange.reset()
    const incarnation = Buffer.from(prng.bytes(INCARNATION_BYTES)).toString('hex')
    // At once with the log: who restarts without it must not pass for the one that had it.
    const hardState = encodeStoredState({ incarnation, lineage: undefined, term: 0, vote: undefined, commit: 0 })
    await store.write({ reset: { term: 0, index: 0 }, hardState })
    if (this.#ended !== undefined) return
    this.#applier.reset()
    this.outlook.position.set({ term: 0, index: 0 })
    this.#begin(incarnation, undefined)
  }

  #onTick(now: number, heard: ReadonlyMap<PeerId, number>): void {
    const life = this.#life
    life?.tick(now, heard)
    this.calls.tick()
    this.#resubmission.tick()
    this.reads.tick()
    if (life?.runner.takeNews() !== true) return
    this.outlook.look(life)
    this.init.meters.watch(this.#facts)
  }

  readonly #facts = (): Facts | undefined => {
    const state = this.#life?.core.state
    if (state === undefined) return undefined
    const [sessions, calls, reads] = [this.#applier.sessions, this.calls.size, this.reads.size]
    return { state, sessions, calls, reads, snapshots: this.#exchange.counts }
  }
}
