import { canonical, decodeCanonical, MosaikError } from '@mosaik/core'
import type { CloseReason, Clock, GroupId, Logger, PeerId, Prng } from '@mosaik/core'
import type { Bonds, Membership } from '../bond/types.ts'
import type { GroupSettings } from '../config.ts'
import type { GroupKey } from '../group-key.ts'
import { createCore } from '../logic/core.ts'
import type { Core } from '../logic/core.ts'
import type { Effect, Restored, SendEffect } from '../logic/effects.ts'
import { Gaps } from '../logic/gaps.ts'
import { mayRest } from '../logic/idle.ts'
import type { ForwardContent, Message } from '../logic/messages.ts'
import type { Preference } from '../logic/options.ts'
import type { SnapshotMeta } from '../logic/snapshot.ts'
import type { Index } from '../logic/types.ts'
import type { LogStore } from '../storage/types.ts'
import { decodeEntryData } from '../wire/entry-codec.ts'
import { decodeMessage, encodeMessage, isBulk, isMessage, snapshotShape } from '../wire/message-codec.ts'
import { life as lifeShape, record } from '../wire/shape.ts'
import { decodeStoredState, LogWriter } from './log-writer.ts'
import { Runner } from './runner.ts'

const helloShape = record<{ incarnation: string }>({ incarnation: lifeShape })
const storedSnapshotShape = record<{ incarnation: string; snapshot: SnapshotMeta }>({ incarnation: lifeShape, snapshot: snapshotShape })
/** Between two ticks of an idle group, in heartbeat intervals, less what timers are early: while bonds are heard on time, and otherwise. */
const IDLE_PACE = 3.9
const WARY_PACE = 0.9
/** Who has been heard so many heartbeat intervals ago is on time. */
const ON_TIME = 1.5
/** Frames up to this size may overtake bulk. */
const SMALL_BYTES = 32 * 1024

/** Beside writes and sends, which the life does itself. */
export type Wanted = Exclude<Effect, SendEffect | { type: 'persist' | 'prune' }>

export interface LifeInit {
  readonly me: PeerId
  readonly groupId: GroupId
  readonly key: GroupKey
  readonly settings: GroupSettings
  /** As it is when this life begins; of all handles the most eligible. */
  readonly preference: Preference
  readonly clock: Clock
  readonly prng: Prng
  readonly logger: Logger
  readonly bonds: Bonds
  /** Open. */
  readonly store: LogStore
  readonly perform: (effect: Wanted) => void
  readonly onBonds: () => void
  /** What was on its way to the leader may not arrive. */
  readonly onForwardLost: () => void
  /** This member leads, and has appended up to here. */
  readonly onAppended: (last: Index) => void
  /** A frame that is no message of the core's. */
  readonly onFrame: (peer: PeerId, bytes: Uint8Array) => void
  readonly onFailed: (error: Error) => void
}

/** One incarnation of a member: a core with its store, its bonds and its time. Whoever must forget what it acknowledged gets another. */
export class Life {
  readonly runner: Runner
  readonly core: Core
  readonly writer: LogWriter
  readonly incarnation: string
  readonly membership: Membership
  readonly #init: LifeInit
  readonly #gaps = new Gaps()
  #tickedAt: number
  #cancelElection = (): void => {}

  constructor(init: LifeInit, incarnation: string, restored: Restored | undefined) {
    const { me, groupId, settings, preference, clock, prng, store } = init
    this.#init = init
    this.incarnation = incarnation
    this.core = createCore(
      {
        me: { peerId: me, incarnation },
        groupId,
        preference,
        durable: store.durable,
        timing: settings.timing,
        maxVoters: settings.maxVoters,
        minMembers: settings.minMembers,
        limits: settings.limits,
      },
      prng,
      restored,
    )
    this.writer = new LogWriter({
      store,
      incarnation,
      onStored: (write) => this.runner.stored(write),
      onFailed: init.onFailed,
    })
    this.runner = new Runner({
      core: this.core,
      clock,
      send: (effect) => this.#send(effect),
      perform: (effect) => this.#perform(effect),
      onFault: (error) => init.onFailed(fault(error)),
    })
    this.membership = this.#bond()
    this.#tickedAt = clock.monotonic()
  }

  /** Ends this life at once; what it wrote stays. */
  async stop(reason?: CloseReason): Promise<void> {
    this.#cancelElection()
    this.runner.stop()
    await this.membership.leave(reason)
  }

  /** It is more eligible than it was. */
  prefer(preference: Preference): void {
    this.membership.setObserver(preference === 'observer')
    this.runner.submit({ type: 'preference', preference })
  }

  /** To be called twice in a heartbeat interval; while nothing happens most of that is let pass. */
  tick(now: number, heard: ReadonlyMap<PeerId, number>): void {
    const elapsed = now - this.#tickedAt
    const { state } = this.core
    if (state.isIdle) {
      const { heartbeatInterval } = this.#init.settings.timing
      if (elapsed < WARY_PACE * heartbeatInterval) return
      if (elapsed < IDLE_PACE * heartbeatInterval && mayRest(state, heard, ON_TIME * heartbeatInterval)) return
    }
    this.runner.submit({ type: 'tick', elapsed, heard })
    this.#tickedAt = now
    this.#awaitElection(elapsed)
  }

  /** Sends what is no message of the core's. */
  sendFrame(peer: PeerId, bytes: Uint8Array): boolean {
    return this.membership.send(peer, bytes, { bulk: bytes.byteLength > SMALL_BYTES })
  }

  /** Between two ticks, when patience ends: what is drawn at random keeps candidates apart only if it is kept to. */
  #awaitElection(elapsed: number): void {
    const { heardAt, patience, now } = this.core.state
    const due = heardAt + patience - now - elapsed
    this.#cancelElection()
    if (due <= 0 || due >= this.#init.settings.timing.heartbeatInterval / 2) return
    const { clock, bonds } = this.#init
    // Whole milliseconds: of less than a clock can count, time never comes to an end.
    this.#cancelElection = clock.after(Math.ceil(due), () => this.tick(clock.monotonic(), bonds.heard()))
  }

  #bond(): Membership {
    const { groupId, key, settings, preference, bonds, logger } = this.#init
    return bonds.join({
      groupId,
      key,
      validators: settings.validators,
      timing: settings.heartbeat,
      observer: preference === 'observer',
      hello: () => canonical({ incarnation: this.incarnation }),
      onUp: (peerId, hello) => {
        const { incarnation } = helloShape(decodeCanonical(hello), 'hello')
        this.runner.submit({ type: 'bond-up', member: { peerId, incarnation } })
        this.#init.onBonds()
      },
      onDown: (peerId, reason) => {
        logger.debug('the bond with %s is gone: %s', peerId, reason.name)
        if (peerId === this.core.state.leader) this.#init.onForwardLost()
        this.runner.submit({ type: 'bond-down', peerId })
        this.#init.onBonds()
      },
      onFrame: (from, bytes) => {
        if (!isMessage(bytes)) return this.#init.onFrame(from, bytes)
        this.runner.submit({ type: 'message', from, message: decodeMessage(bytes) })
      },
    })
  }

  #send({ to, message }: SendEffect): void {
    if (message.type === 'forward') this.#forward(to, message)
    else this.#transmit(to, message)
  }

  #forward(to: PeerId, message: Message & ForwardContent): void {
    const { length } = message.proposals
    const proposals = this.#gaps.pass(message.proposals)
    const isSent = proposals.length > 0 && this.#transmit(to, proposals.length === length ? message : { ...message, proposals })
    if (!isSent) this.#gaps.lost(proposals)
    if (!isSent || proposals.length < length) this.#init.onForwardLost()
  }

  /** False: it is lost. */
  #transmit(to: PeerId, message: Message): boolean {
    const bytes = encodeMessage(message)
    return this.membership.send(to, bytes, { bulk: isBulk(message) || bytes.byteLength > SMALL_BYTES })
  }

  #perform(effect: Exclude<Effect, SendEffect>): void {
    if (effect.type === 'persist') {
      const last = effect.entries.at(-1)
      if (last !== undefined && this.core.state.leading !== undefined) this.#init.onAppended(last.index)
      this.writer.persist(effect)
    } else if (effect.type === 'prune') this.writer.prune(effect.upTo)
    else this.#init.perform(effect)
  }
}

/** What an open store remembers, with the incarnation that it belongs to. */
export async function restoreFrom(store: LogStore): Promise<{ readonly incarnation: string; readonly restored: Restored } | undefined> {
  if (store.hardState === undefined) return undefined
  const { incarnation, ...hardState } = decodeStoredState(store.hardState)
  try {
    const held = store.snapshot === undefined ? undefined : storedSnapshotShape(decodeCanonical(store.snapshot.meta), 'snapshot')
    const snapshot = held?.incarnation === incarnation ? held.snapshot : undefined
    // What is kept behind the snapshot is not needed for going on.
    const entries = await store.entries(Math.max(store.first, (snapshot?.index ?? 0) + 1), store.last.index)
    const decoded = entries.map(({ index, term, bytes }) => ({ index, term, data: decodeEntryData(bytes) }))
    return { incarnation, restored: { hardState, snapshot, entries: decoded } }
  } catch (cause) {
    if (MosaikError.is(cause, 'ERR_STORAGE')) throw cause
    throw new MosaikError('ERR_STORAGE', 'the store holds what no group of this version has written; empty it to start anew', { cause })
  }
}

function fault(cause: unknown): MosaikError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return cause instanceof MosaikError ? cause : new MosaikError('ERR_GROUP_FAILED', `the group failed on this node: ${message}`, { cause })
}
