import type { GroupId, NetworkId } from '@mosaik/core'
import type { CommandsData, Entry } from '../logic/entry.ts'
import { Sessions } from '../logic/sessions.ts'
import type { BatchOutcome, StoredSession } from '../logic/sessions.ts'
import type { Index } from '../logic/types.ts'
import type { SnapshotSource } from '../types.ts'
import { malformed } from '../wire/shape.ts'
import type { MachineHost } from './machine-host.ts'
import { SessionReceiver, sessionSource } from './session-items.ts'
import type { StateReceiver } from './snapshot-intake.ts'

/** Who waits for commands. */
export interface Fates {
  opened(session: string): void
  /** Now or before; the outcome of before may be forgotten. */
  applied(session: string, number: number, outcome: BatchOutcome | undefined): void
  expired(session: string): void
}

export interface ApplierInit {
  readonly host: MachineHost
  /** Is told what becomes of commands. */
  readonly fates: Fates
  readonly groupId: GroupId
  readonly networkId: NetworkId
}

const SESSIONS = 0
const MACHINE = 1

/** The replicated state of a member: the user's machine, and which commands it has had. */
export class Applier {
  readonly #init: ApplierInit
  readonly #sessions = new Sessions()
  /** The machine as it was before the first command. */
  readonly #genesis: SnapshotSource

  constructor(init: ApplierInit) {
    this.#init = init
    this.#genesis = init.host.source()
  }

  /** Throws `ERR_GROUP_FAILED`. */
  apply(entries: readonly Entry[]): void {
    const { fates } = this.#init
    for (const { index, term, data } of entries) {
      if (data.kind === 'commands') this.#applyBatch(index, term, data)
      else if (data.kind === 'session-open') {
        const forgotten = this.#sessions.open(data.session, index)
        if (forgotten !== undefined) fates.expired(forgotten)
        fates.opened(data.session)
      } else if (data.kind === 'session-expire') {
        this.#sessions.expire(data.session)
        fates.expired(data.session)
      }
    }
  }

  /** How many are remembered. */
  get sessions(): number {
    return this.#sessions.size
  }

  /** Views of the whole state as it is now: sessions and machine, the same items on every member. Throws `ERR_GROUP_FAILED`. */
  view(): readonly SnapshotSource[] {
    const { host } = this.#init
    return [sessionSource(this.#sessions.store(), host), host.source()]
  }

  /** Builds another state aside. Throws `ERR_GROUP_FAILED`, and `ERR_PROTOCOL` for items that are none of a state. */
  receiver(): StateReceiver {
    const { host } = this.#init
    const sessions = new SessionReceiver(host)
    const machine = host.receiver()
    return {
      add: (section, items) => {
        if (section === SESSIONS) sessions.add(items)
        else if (section === MACHINE) machine.add(items)
        else throw malformed(`state: section ${section}`)
      },
      commit: () => {
        machine.commit()
        this.#restore(sessions.sessions)
        return this.view()
      },
    }
  }

  /** Back to before the first command. */
  reset(): void {
    const machine = this.#init.host.receiver()
    machine.add([...this.#genesis.items()])
    machine.commit()
    this.#sessions.restore([])
  }

  #restore(stored: readonly StoredSession[]): void {
    const { fates } = this.#init
    this.#sessions.restore(stored)
    // What this member waits for may be part of the state that it now has.
    for (const { session, outcomes } of stored) {
      fates.opened(session)
      for (const { number, outcome } of outcomes) fates.applied(session, number, outcome)
    }
  }

  #applyBatch(index: Index, term: number, { session, number, lowWater, payloads }: CommandsData): void {
    const { host, fates, groupId, networkId } = this.#init
    const admission = this.#sessions.admit(session, number)
    if (admission === 'unknown') return fates.expired(session)
    if (admission !== 'new') return fates.applied(session, number, admission.outcome)
    const outcome = { index, replies: payloads.map((payload, offset) => host.apply(payload, { index, offset, term, groupId, networkId })) }
    const forgotten = this.#sessions.settle(session, number, lowWater, outcome)
    fates.applied(session, number, outcome)
    if (forgotten !== undefined) fates.expired(forgotten)
  }
}
