import { CloseReasons, MosaikError } from '@mosaik/core'
import type { CloseReason, PeerId } from '@mosaik/core'
import type { Entry } from '../logic/entry.ts'
import type { SnapshotMeta } from '../logic/snapshot.ts'
import type { Applier } from './applier.ts'
import type { Calls } from './calls.ts'
import { lineageEvent } from './histories.ts'
import type { Life, Wanted } from './life.ts'
import type { MemberInit } from './member-init.ts'
import type { Outlook } from './outlook.ts'
import type { Reads } from './reads.ts'
import type { Resubmission } from './resubmission.ts'
import type { SnapshotExchange } from './snapshot-exchange.ts'

export interface PerformerInit {
  readonly member: MemberInit
  readonly outlook: Outlook
  readonly calls: Calls
  readonly reads: Reads
  readonly resubmission: Resubmission
  readonly applier: Applier
  readonly exchange: SnapshotExchange
  /** The one that is lived now. */
  readonly life: () => Life | undefined
  /** What it acknowledged is no longer here, or counts no longer. */
  readonly onForfeited: (reason: CloseReason) => void
  /** The group has let it go. */
  readonly onDeparted: () => void
  readonly onFailed: (error: Error) => void
}

/** Does what the core of a member has decided. */
export class Performer {
  readonly #init: PerformerInit

  constructor(init: PerformerInit) {
    this.#init = init
  }

  perform(effect: Wanted): void {
    const { outlook, calls, reads, member } = this.#init
    const { meters } = member
    switch (effect.type) {
      case 'apply':
        return this.#apply(effect.entries)
      case 'committed':
        meters.commits.reached(effect.index)
        return outlook.committed.set(effect.index)
      case 'accepted':
        meters.forwards.met(effect.id)
        return calls.accepted(effect.id, effect.index)
      case 'refused':
        return calls.heldUp()
      case 'read-ready':
        return reads.ready(effect.id, effect.index)
      case 'read-refused':
        return reads.refused(effect.id)
      case 'role':
        meters.role(effect.role)
        return outlook.role.set(effect.role)
      case 'leader':
        this.led(effect.leader)
        return outlook.events.publish({ type: 'leader', leader: effect.leader, term: effect.term })
      default:
        return this.#performRare(effect)
    }
  }

  /** Who leads, or that nobody is known to. */
  led(leader: PeerId | undefined): void {
    const { outlook, calls, reads, resubmission, member, life } = this.#init
    member.meters.led(leader)
    if (leader === undefined) reads.restart()
    outlook.led(leader)
    life()?.runner.withdraw()
    for (const waiting of [calls, resubmission, reads]) waiting.led(leader !== undefined)
  }

  #performRare(effect: Wanted): void {
    const { outlook, exchange, member, onFailed, onForfeited, onDeparted } = this.#init
    const { meters } = member
    const life = this.#init.life()
    switch (effect.type) {
      case 'membership':
        if (life === undefined) return
        life.membership.want(effect.configuration.voters.map(({ peerId }) => peerId).filter((peer) => peer !== member.me))
        return outlook.look(life)
      case 'lineage': {
        outlook.lineage = effect.lineage.id
        meters.count('raft.lineages')
        if (effect.lineage.parent !== undefined) meters.count('raft.lineages.recovered')
        return outlook.events.publish(lineageEvent(effect.lineage))
      }
      case 'take-snapshot':
        return this.#takeSnapshot(effect.snapshot, life)
      case 'snapshot-settled':
        return life?.writer.saving(exchange.settle(effect.snapshot))
      case 'need-snapshot':
        return this.#fetchSnapshot(effect.snapshot, life)
      case 'superseded':
        return this.#supersede(effect)
      case 'breach':
        return onForfeited({ ...CloseReasons.ProtocolViolation, detail: effect.reason })
      case 'diverged':
        meters.count('raft.diverged')
        outlook.events.publish({ type: 'diverged', peerId: effect.peerId, index: effect.index })
        return onForfeited({ ...CloseReasons.ProtocolViolation, detail: `its log or state differs at ${effect.index}` })
      case 'fatal':
        return onFailed(new MosaikError('ERR_GROUP_FAILED', effect.reason))
      case 'departed':
        return onDeparted()
      default:
    }
  }

  #apply(entries: readonly Entry[]): void {
    const last = entries.at(-1)
    if (last === undefined) return
    const { outlook, applier, member, life } = this.#init
    const { meters, clock } = member
    const began = clock.monotonic()
    applier.apply(entries)
    meters.appliedSince(began)
    outlook.position.set({ term: last.term, index: last.index })
    life()?.runner.submit({ type: 'applied', index: last.index })
  }

  #takeSnapshot(snapshot: SnapshotMeta, life: Life | undefined): void {
    const { exchange, applier, onFailed } = this.#init
    exchange.take(snapshot, applier.view()).then(
      (taken) => taken !== undefined && life?.runner.submit({ type: 'snapshot-taken', index: snapshot.index, ...taken }),
      (error: unknown) => onFailed(error as Error),
    )
  }

  /** For the life that has asked for it only. */
  #fetchSnapshot(snapshot: SnapshotMeta, life: Life | undefined): void {
    const { exchange, outlook, onFailed } = this.#init
    const { term, index } = snapshot
    exchange.fetch(snapshot, {
      onSwapped: () => {
        if (this.#init.life() !== life) return
        outlook.committed.set(index)
        outlook.position.set({ term, index })
      },
      onDone: () => life?.runner.submit({ type: 'snapshot-installed', snapshot }),
      onGivenUp: () => life?.runner.submit({ type: 'snapshot-failed' }),
      onError: onFailed,
    })
  }

  #supersede({ lineage, by, inherited, entries }: Extract<Wanted, { type: 'superseded' }>): void {
    const { outlook, calls, resubmission, member, onForfeited } = this.#init
    const lost = entries.flatMap(({ index, data }) =>
      data.kind === 'commands' ? data.payloads.map((payload) => ({ index, command: member.host.decodeCommand(payload) })) : [],
    )
    member.meters.count('raft.superseded', lost.length)
    outlook.events.publish({ type: 'superseded', lineage, by, entries: lost })
    calls.supersede(new MosaikError('ERR_SUPERSEDED', `the history ${lineage} of this group has lost against ${by}`))
    if (member.settings.resubmit) resubmission.add({ lineage, inherited, entries })
    onForfeited({ ...CloseReasons.GracefulShutdown, detail: `its history has yielded to ${by}` })
  }
}
