import { createFifo, MosaikError } from '@mosaik/core'
import type { Clock } from '@mosaik/core'
import { sizeOf } from '../logic/entry.ts'
import type { CommandsData } from '../logic/entry.ts'
import type { Proposal } from '../logic/messages.ts'
import type { Index } from '../logic/types.ts'

/** Calls that may wait for their fate on one member; one more is refused. */
export const MAX_CALLS = 65_536
/**
 * Of calls that a leader has been given and has not appended; a larger one goes alone. It fits well into what may wait for a peer: what
 * is beyond that would be lost, and sent again and again on a slow link.
 */
const WINDOW_BYTES = 8 * 1024 * 1024

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
  /** About as many on the wire. */
  readonly bytes: number
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
  /** Those that the leader has not been given, in order, with some that are over. */
  readonly #waiting = createFifo<Call>()
  /** Bytes of those that it has been given and has not appended. */
  #underWay = 0
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
          this.#forget(number)
          onFailed(signal.reason)
          reject(signal.reason)
        }
        signal.addEventListener('abort', onAbort, { once: true })
        done = () => signal.removeEventListener('abort', onAbort)
      }
      const data: CommandsData = { kind: 'commands', session: this.#session, number, lowWater, payloads }
      const call: Call = {
        data,
        bytes: sizeOf(data),
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
      if (!this.#isLed || this.#isHeldUp) return // it goes out with all that waits, when that is over
      this.#waiting.push(call)
      this.#proposeNext()
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
    for (const call of this.#calls.values()) call.accepted = false
    this.#requeue()
    if (isLed) this.#proposeNext(true)
  }

  /** The leader has appended it. */
  accepted(number: number, index: Index): void {
    const call = this.#calls.get(number)
    if (call === undefined) return
    this.#arrived(call)
    call.accepted = true
    call.triedAt ??= this.#init.clock.monotonic()
    if (call.kind === 'feed') {
      this.#calls.delete(number)
      call.resolve({ index, replies: [] })
    }
    if (!this.#isHeldUp) this.#proposeNext()
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
    const call = this.#forget(number)
    if (call === undefined) return
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
    const calls = [...this.#calls.values()]
    this.#beginSession()
    for (const call of calls) call.reject(unknown('the session of this member has expired', call))
  }

  /** Time has passed: tries again what has had no answer, gives up what is due. */
  tick(): void {
    if (this.size === 0 && !this.#isHeldUp) return
    const now = this.#init.clock.monotonic()
    const again: Call[] = []
    for (const [number, call] of this.#calls) {
      if (now >= call.deadline) {
        this.#forget(number)
        call.reject(call.sent ? unknown('its deadline has passed', call) : this.#offline(call))
      } else if (call.triedAt !== undefined && now - call.triedAt >= this.#init.tryTimeout) again.push(call)
    }
    if (!this.#isLed) return
    const wasHeldUp = this.#isHeldUp
    this.#isHeldUp = false
    if (wasHeldUp) this.#requeue()
    else this.#propose(again)
    this.#proposeNext(wasHeldUp)
  }

  /** Nothing comes of what waits, nor of any later call. */
  fail(error: Error): void {
    this.#error = error
    for (const call of this.#calls.values()) call.reject(error)
    this.#calls.clear()
  }

  /** Nothing comes of what waits: its history is over. Later calls belong to the next one. */
  supersede(error: Error): void {
    const calls = [...this.#calls.values()]
    this.#beginSession()
    for (const call of calls) call.reject(error)
  }

  #beginSession(): void {
    this.#calls.clear()
    this.#requeue()
    this.#session = this.#init.newSession()
    this.#isOpen = false
    this.#next = 1
    this.#low = 1
  }

  #forget(number: number): Call | undefined {
    const call = this.#calls.get(number)
    if (call === undefined) return undefined
    this.#arrived(call)
    this.#calls.delete(number)
    return call
  }

  /** It is not on its way to the leader any more. */
  #arrived({ triedAt, accepted, bytes }: Call): void {
    if (triedAt !== undefined && !accepted) this.#underWay -= bytes
  }

  /** Nothing is on its way: whatever the leader has not appended waits. */
  #requeue(): void {
    this.#underWay = 0
    this.#waiting.clear()
    for (const call of this.#calls.values()) {
      if (call.accepted) continue
      call.triedAt = undefined
      this.#waiting.push(call)
    }
  }

  /** In order, as much as may be on its way. `again`: a leader that has refused some takes them from here on. */
  #proposeNext(again = false): void {
    if (this.#waiting.length === 0) return
    const calls: Call[] = []
    for (let call = this.#waiting.first; call !== undefined; call = this.#waiting.first) {
      const isDue = !call.accepted && this.#calls.get(call.data.number) === call
      if (isDue && this.#underWay > 0 && this.#underWay + call.bytes > WINDOW_BYTES) break
      this.#waiting.shift()
      if (!isDue) continue
      this.#underWay += call.bytes
      calls.push(call)
    }
    this.#propose(calls, again)
  }

  #propose(calls: readonly Call[], again = false): void {
    if (calls.length === 0) return
    const now = this.#init.clock.monotonic()
    const proposals: Proposal[] = calls.map((call) => {
      call.triedAt = now
      call.sent = true
      return { id: call.data.number, data: call.data }
    })
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
