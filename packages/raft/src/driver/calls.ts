import { MosaikError } from '@mosaik/core'
import type { Clock } from '@mosaik/core'
import type { CommandsData } from '../logic/entry.ts'
import type { Proposal } from '../logic/messages.ts'
import type { Index } from '../logic/types.ts'

/** Calls that may wait for their fate on one member; one more is refused. */
export const MAX_CALLS = 65_536

export interface CallsInit {
  readonly clock: Clock
  /** One try takes this long, ms. */
  readonly tryTimeout: number
  readonly propose: (proposals: readonly Proposal[]) => void
  /** Opened before the first command, and again when it has expired. */
  readonly newSession: () => string
  /** What stands in the way of a leader, for messages. */
  readonly missing: () => string
  /** A call has come to nothing, or was not taken. */
  readonly onFailed: (error: unknown) => void
}

interface Call {
  readonly data: CommandsData
  /** Handed back with `ERR_OFFLINE`. */
  readonly commands: readonly unknown[]
  readonly kind: 'execute' | 'feed'
  readonly deadline: number
  /** When it was last handed to a leader; undefined while it waits for one. */
  triedAt: number | undefined
  /** This leader has appended it. */
  accepted: boolean
  /** A leader may have it. */
  sent: boolean
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: unknown) => void
}

export interface Outcome {
  readonly index: Index
  readonly replies: readonly unknown[]
}

/**
 * The commands of this member whose fate is not known yet. They are numbered within a session, proposed in order, and proposed again
 * until they are seen applied (or, for `feed`, appended): the numbers make sure that each counts once.
 */
export class Calls {
  readonly #init: CallsInit
  /** By number of the first command: in the order of the calls. */
  readonly #calls = new Map<number, Call>()
  #session: string
  #isOpen = false
  #next = 1
  /** Nothing below waits. */
  #low = 1
  #isLed = false
  /** A try came to nothing: nothing new goes out before that has gone out again, so that the order stays. */
  #isHeldUp = false
  #error: Error | undefined

  constructor(init: CallsInit) {
    this.#init = init
    this.#session = init.newSession()
  }

  get size(): number {
    return this.#calls.size
  }

  call(
    kind: Call['kind'],
    commands: readonly unknown[],
    payloads: readonly Uint8Array[],
    { timeout, signal }: { readonly timeout: number; readonly signal?: AbortSignal | undefined },
  ): Promise<Outcome> {
    return new Promise<Outcome>((resolve, reject) => {
      const { onFailed } = this.#init
      const refusal = this.#refusal(signal, commands)
      if (refusal !== undefined) {
        onFailed(refusal.error)
        return reject(refusal.error)
      }
      const number = this.#next
      this.#next += payloads.length
      const lowWater = this.#lowest(number)
      let done: (() => void) | undefined // most calls have no signal: they have no closures for one either
      if (signal !== undefined) {
        const onAbort = (): void => {
          this.#calls.delete(number)
          onFailed(signal.reason)
          reject(signal.reason)
        }
        signal.addEventListener('abort', onAbort, { once: true })
        done = () => signal.removeEventListener('abort', onAbort)
      }
      const call: Call = {
        data: { kind: 'commands', session: this.#session, number, lowWater, payloads },
        commands,
        kind,
        deadline: this.#init.clock.monotonic() + timeout,
        triedAt: undefined,
        accepted: false,
        sent: false,
        resolve: done === undefined ? resolve : (outcome) => (done(), resolve(outcome)),
        reject: (error) => (done?.(), onFailed(error), reject(error)),
      }
      this.#calls.set(number, call)
      if (this.#isLed && !this.#isHeldUp) this.#propose([call])
    })
  }

  /** The first number that waits, or `next`. A map with many deleted entries is slow at telling its first. */
  #lowest(next: number): number {
    while (this.#low < next && !this.#calls.has(this.#low)) this.#low++
    return this.#low
  }

  /** Why a call is not taken, if it is not. */
  #refusal(signal: AbortSignal | undefined, commands: readonly unknown[]): { readonly error: unknown } | undefined {
    if (signal?.aborted === true) return { error: signal.reason }
    if (this.#error !== undefined) return { error: this.#error }
    if (this.#calls.size < MAX_CALLS) return undefined
    return { error: new MosaikError('ERR_OFFLINE', `${MAX_CALLS} calls wait for this group already; wait for some of them`, { commands }) }
  }

  /** There is a leader, another one, or none: what is under way goes out again, in order. */
  led(isLed: boolean): void {
    this.#isLed = isLed
    this.#isHeldUp = false
    for (const call of this.#calls.values()) {
      call.triedAt = undefined
      call.accepted = false
    }
    if (isLed) this.#proposeAgain()
  }

  /** The leader has appended it. */
  accepted(number: number, index: Index): void {
    const call = this.#calls.get(number)
    if (call === undefined) return
    call.accepted = true
    if (call.kind !== 'feed') return
    this.#calls.delete(number)
    call.resolve({ index, replies: [] })
  }

  /** A try came to nothing, or may have: on the next tick everything that waits goes out again, in order. */
  heldUp(): void {
    this.#isHeldUp = true
  }

  opened(session: string): void {
    if (session === this.#session) this.#isOpen = true
  }

  /** A batch of this member has been applied here. */
  applied(session: string, number: number, outcome: Outcome | undefined): void {
    if (session !== this.#session) return
    const call = this.#calls.get(number)
    if (call === undefined) return
    this.#calls.delete(number)
    if (outcome === undefined) call.reject(unknown('what came of it is forgotten', call))
    else call.resolve(outcome)
  }

  /** The last proposal of a member that leaves: nothing of its session need be remembered. */
  farewell(): Proposal | undefined {
    return this.#isOpen ? { id: 0, data: { kind: 'session-expire', session: this.#session } } : undefined
  }

  /** The group has forgotten the session: what became of its commands cannot be told any more. */
  expired(session: string): void {
    if (session !== this.#session || !this.#isOpen) return
    for (const [number, call] of this.#calls) {
      this.#calls.delete(number)
      call.reject(unknown('the session of this member has expired', call))
    }
    this.#session = this.#init.newSession()
    this.#isOpen = false
    this.#next = 1
    this.#low = 1
  }

  /** Time has passed: tries again what has had no answer, gives up what is due. */
  tick(): void {
    if (this.size === 0 && !this.#isHeldUp) return
    const now = this.#init.clock.monotonic()
    const again: Call[] = []
    for (const [number, call] of this.#calls) {
      if (now >= call.deadline) {
        this.#calls.delete(number)
        call.reject(call.sent ? unknown('its deadline has passed', call) : this.#offline(call))
      } else if (this.#isLed && (call.triedAt === undefined || now - call.triedAt >= this.#init.tryTimeout)) again.push(call)
    }
    if (this.#isLed && this.#isHeldUp) this.#proposeAgain()
    else if (again.length > 0) this.#propose(again)
  }

  /** Nothing comes of what waits, nor of any later call. */
  fail(error: Error): void {
    this.#error = error
    for (const call of this.#calls.values()) call.reject(error)
    this.#calls.clear()
  }

  /** Nothing comes of what waits: its history is over. Later calls belong to the next one. */
  supersede(error: Error): void {
    for (const call of this.#calls.values()) call.reject(error)
    this.#calls.clear()
    this.#session = this.#init.newSession()
    this.#isOpen = false
    this.#next = 1
    this.#low = 1
  }

  #proposeAgain(): void {
    this.#isHeldUp = false
    this.#propose(
      [...this.#calls.values()].filter(({ accepted }) => !accepted),
      true,
    )
  }

  #propose(calls: readonly Call[], again = false): void {
    const now = this.#init.clock.monotonic()
    const proposals: Proposal[] = calls.map((call) => {
      call.triedAt = now
      call.sent = true
      return { id: call.data.number, data: call.data }
    })
    if (proposals.length === 0) return
    if (!this.#isOpen) proposals.unshift({ id: 0, data: { kind: 'session-open', session: this.#session } })
    if (again) proposals[0] = { ...(proposals[0] as Proposal), again: true }
    this.#init.propose(proposals)
  }

  #offline({ commands }: Call): MosaikError {
    return new MosaikError('ERR_OFFLINE', `nothing was sent: ${this.#init.missing()}`, { commands })
  }
}

function unknown(why: string, { commands }: Call): MosaikError {
  const what = commands.length === 1 ? 'a command' : `a batch of ${commands.length} commands`
  return new MosaikError('ERR_UNKNOWN', `${what} may or may not have been applied: ${why}`, { commands })
}
