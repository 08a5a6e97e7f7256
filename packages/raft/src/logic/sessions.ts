import type { Index } from './types.ts'

/** Sessions that a group remembers; opening one more forgets the one that has been silent longest. */
export const MAX_SESSIONS = 4_096
/** Outcomes that a session may ask to be remembered: as many as a member may have calls. One more, and the session is forgotten. */
export const MAX_SESSION_OUTCOMES = 65_536
/** In all sessions together; one more forgets the session that has been silent longest. */
export const MAX_OUTCOMES: number = 4 * MAX_SESSION_OUTCOMES

/** What became of a batch. */
export interface BatchOutcome {
  readonly index: Index
  readonly replies: readonly unknown[]
}

/** `new`: apply it. `unknown`: its session is not open (any more); nobody applies it. Otherwise it has been applied, with this outcome if it is still remembered. */
export type Admission = 'new' | 'unknown' | { readonly outcome: BatchOutcome | undefined }

interface Session {
  lastUsed: Index
  /** Batches numbered below have been applied, and their replies received. */
  lowWater: number
  /** By the number of the first command. */
  readonly outcomes: Map<number, BatchOutcome>
}

/** A session as a snapshot keeps it. */
export interface StoredSession {
  readonly session: string
  readonly lastUsed: Index
  readonly lowWater: number
  readonly outcomes: readonly { readonly number: number; readonly outcome: BatchOutcome }[]
}

/**
 * Which commands have been applied, per session: a part of the replicated state, changed by log entries only and so the
 * same on every member (th. 6.3). A batch may come after a later one; what counts is whether its own number is known.
 */
export class Sessions {
  readonly #sessions = new Map<string, Session>()
  #outcomes = 0

  get size(): number {
    return this.#sessions.size
  }

  /** Answers who is forgotten for it. Opening again changes nothing. */
  open(session: string, index: Index): string | undefined {
    if (this.#sessions.has(session)) return undefined
    this.#sessions.set(session, { lastUsed: index, lowWater: 0, outcomes: new Map() })
    return this.#sessions.size > MAX_SESSIONS ? this.#forgetSilent() : undefined
  }

  expire(session: string): void {
    this.#outcomes -= this.#sessions.get(session)?.outcomes.size ?? 0
    this.#sessions.delete(session)
  }

  admit(session: string, number: number): Admission {
    const found = this.#sessions.get(session)
    if (found === undefined) return 'unknown'
    const outcome = found.outcomes.get(number)
    return outcome === undefined && number >= found.lowWater ? 'new' : { outcome }
  }

  /** A batch that was `new` has been applied. Answers who is forgotten for it. */
  settle(session: string, number: number, lowWater: number, outcome: BatchOutcome): string | undefined {
    const found = this.#sessions.get(session)
    if (found === undefined) return undefined
    const { outcomes } = found
    found.lastUsed = outcome.index
    outcomes.set(number, outcome)
    this.#outcomes++
    if (lowWater > found.lowWater) {
      const before = outcomes.size
      dropBetween(outcomes, found.lowWater, lowWater)
      this.#outcomes -= before - outcomes.size
      found.lowWater = lowWater
    }
    if (outcomes.size > MAX_SESSION_OUTCOMES) {
      this.expire(session)
      return session
    }
    return this.#outcomes > MAX_OUTCOMES ? this.#forgetSilent() : undefined
  }

  #forgetSilent(): string | undefined {
    let silent: string | undefined
    let least = Number.POSITIVE_INFINITY
    for (const [name, { lastUsed }] of this.#sessions) if (lastUsed < least) [silent, least] = [name, lastUsed]
    if (silent !== undefined) this.expire(silent)
    return silent
  }

  /** In an order that is the same on every member. */
  store(): StoredSession[] {
    return [...this.#sessions]
      .map(([session, { lastUsed, lowWater, outcomes }]) => ({
        session,
        lastUsed,
        lowWater,
        outcomes: [...outcomes].map(([number, outcome]) => ({ number, outcome })).sort((a, b) => a.number - b.number),
      }))
      .sort((a, b) => (a.session < b.session ? -1 : 1))
  }

  restore(stored: readonly StoredSession[]): void {
    this.#sessions.clear()
    this.#outcomes = 0
    for (const { session, lastUsed, lowWater, outcomes } of stored) {
      this.#sessions.set(session, { lastUsed, lowWater, outcomes: new Map(outcomes.map(({ number, outcome }) => [number, outcome])) })
      this.#outcomes += outcomes.length
    }
  }
}

/** The numbers in [from, to), by whichever is fewer: they, or what there is. */
function dropBetween(outcomes: Map<number, BatchOutcome>, from: number, to: number): void {
  if (to - from <= outcomes.size) for (let number = from; number < to; number++) outcomes.delete(number)
  else for (const number of outcomes.keys()) if (number < to) outcomes.delete(number)
}
