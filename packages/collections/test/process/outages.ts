import { KINDS } from './kinds.ts'
import type { Kind } from './kinds.ts'

/** What a kill meant for a collection: its leader alone, with all other voters there; its leader, with more missing; or only others. */
export type Cause = 'leader' | 'leader and more' | 'others'

interface Pending {
  readonly at: number
  readonly cause: Cause
  /** By client: the last number that it had given. */
  readonly given: ReadonlyMap<string, number>
}

/** How long it takes after each kill until a write that was given later is acknowledged. */
export class Outages {
  readonly #pending = new Map<Kind, Pending[]>(KINDS.map((kind) => [kind, []]))
  readonly #times = new Map<string, number[]>()
  readonly #given = new Map<string, number>()

  given(client: string, number: number): void {
    this.#given.set(client, number)
  }

  gone(client: string): void {
    this.#given.delete(client)
  }

  killed(at: number, causeOf: (kind: Kind) => Cause): void {
    const given = new Map(this.#given)
    for (const [kind, pending] of this.#pending) pending.push({ at, cause: causeOf(kind), given })
  }

  acknowledged(kind: Kind, client: string, number: number): void {
    const pending = this.#pending.get(kind) as Pending[]
    if (pending.length === 0) return
    const left = pending.filter(({ at, cause, given }) => {
      if (number <= (given.get(client) ?? 0)) return true
      this.#add(kind, cause, performance.now() - at)
      return false
    })
    this.#pending.set(kind, left)
  }

  /** What is waited for longest. */
  get oldest(): { readonly kind: Kind; readonly at: number } | undefined {
    return [...this.#pending]
      .flatMap(([kind, [first]]) => (first === undefined ? [] : [{ kind, at: first.at }]))
      .toSorted((a, b) => a.at - b.at)[0]
  }

  /** ms, sorted. */
  times(kind: Kind, cause: Cause): readonly number[] {
    return (this.#times.get(`${kind} ${cause}`) ?? []).toSorted((a, b) => a - b)
  }

  #add(kind: Kind, cause: Cause, ms: number): void {
    const key = `${kind} ${cause}`
    this.#times.set(key, [...(this.#times.get(key) ?? []), ms])
  }
}
