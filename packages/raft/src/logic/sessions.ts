import type { Index } from './types.ts'

/** Sessions that a group remembers; opening one more forgets the one that has been silent longest. */
export const MAX_SESSIONS = 4_096

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

  get size(): number {
    return this.#sessions.size
  }

  /** Answers who is forgotten for it. Opening again changes nothing. */
  open(session: string, index: Index): string | undefined {
    if (this.#sessions.has(session)) return undefined
    this.#sessions.set(session, { lastUsed: index, lowWater: 0, outcomes: new Map() })
    if (this.#sessions.size <= MAX_SESSIONS) return undefined
    let silent: string | undefined
    let least = Number.POSITIVE_INFINITY
    for (const [name, { lastUsed }] of this.#sessions) if (lastUsed < least) [silent, least] = [name, lastUsed]
    if (silent !== undefined) this.#sessions.delete(silent)
    return silent
  }

  expire(session: string): void {
    this.#sessions.delete(session)
  }

  admit(session: string, number: number): Admission {
    const found = this.#sessions.get(session)
    if (found === undefined) return 'unknown'
    const outcome = found.outcomes.get(number)
    return outcome === undefined && number >= found.lowWater ? 'new' : { outcome }
  }

  /** A batch has been applied, or has come again. */
  settle(session: string, number: number, lowWater: number, outcome: BatchOutcome): void {
    const found = this.#sessions.get(session)
    if (found === undefined) return
    found.lastUsed = outcome.index
    found.outcomes.set(number, outcome)
    if (lowWater <= found.lowWater) return
    found.lowWater = lowWater
    for (const known of found.outcomes.keys()) if (known < lowWater) found.outcomes.delete(known)
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
    for (const { session, lastUsed, lowWater, outcomes } of stored) {
      this.#sessions.set(session, { lastUsed, lowWater, outcomes: new Map(outcomes.map(({ number, outcome }) => [number, outcome])) })
    }
  }
}
