import { canonical, decodeCanonical } from '@mosaik/core'
import type { GroupId, NetworkId } from '@mosaik/core'
import type { CommandsData, Entry } from '../logic/entry.ts'
import { Sessions } from '../logic/sessions.ts'
import type { BatchOutcome, StoredSession } from '../logic/sessions.ts'
import type { Index } from '../logic/types.ts'
import { count, listOf, record, text } from '../wire/shape.ts'
import type { Shape } from '../wire/shape.ts'
import { MAX_CALLS } from './calls.ts'
import type { MachineHost } from './machine-host.ts'

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

const bytes: Shape<Uint8Array> = (value, what) => {
  if (!(value instanceof Uint8Array)) throw new TypeError(`malformed ${what}`)
  return value
}
const MAX_REPLIES = 1 << 20
const stateShape = record<{ sessions: readonly StoredSession[]; machine: Uint8Array }>({
  sessions: listOf(
    record<StoredSession>({
      session: text,
      lastUsed: count,
      lowWater: count,
      outcomes: listOf(
        record<{ number: number; outcome: BatchOutcome }>({
          number: count,
          outcome: record<BatchOutcome>({ index: count, replies: listOf<unknown>(bytes, MAX_REPLIES) }),
        }),
        MAX_CALLS,
      ),
    }),
    Number.MAX_SAFE_INTEGER,
  ),
  machine: bytes,
})

/** The replicated state of a member: the user's machine, and which commands it has had. */
export class Applier {
  readonly #init: ApplierInit
  readonly #sessions = new Sessions()
  /** The machine as it was before the first command. */
  readonly #genesis: Uint8Array

  constructor(init: ApplierInit) {
    this.#init = init
    this.#genesis = init.host.snapshot()
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

  /** The whole state, the same bytes on every member. */
  snapshot(): Uint8Array {
    const { host } = this.#init
    const sessions = this.#sessions.store().map(({ outcomes, ...rest }) => ({
      ...rest,
      outcomes: outcomes.map(({ number, outcome: { index, replies } }) => ({
        number,
        outcome: { index, replies: replies.map((reply) => host.encodeReply(reply)) },
      })),
    }))
    return canonical({ sessions, machine: host.snapshot() })
  }

  /** Throws `ERR_GROUP_FAILED`, or `ERR_PROTOCOL` for bytes that are no state. */
  install(snapshot: Uint8Array): void {
    const { host, fates } = this.#init
    const { sessions, machine } = stateShape(decodeCanonical(snapshot), 'state')
    const restored = sessions.map(({ outcomes, ...rest }) => ({
      ...rest,
      outcomes: outcomes.map(({ number, outcome: { index, replies } }) => ({
        number,
        outcome: { index, replies: replies.map((reply) => host.decodeReply(reply as Uint8Array)) },
      })),
    }))
    host.install(machine)
    this.#sessions.restore(restored)
    // What this member waits for may be part of the state that it now has.
    for (const { session, outcomes } of restored) {
      fates.opened(session)
      for (const { number, outcome } of outcomes) fates.applied(session, number, outcome)
    }
  }

  /** Back to before the first command. */
  reset(): void {
    this.#init.host.install(this.#genesis)
    this.#sessions.restore([])
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
