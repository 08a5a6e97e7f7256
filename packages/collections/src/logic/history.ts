import type { Index, LineageId } from '@mosaik/raft'
import type { Version } from '../types/collection.ts'

/** Lineages remembered; a group that loses its majority every hour needs a month for so many. */
const MAX_KNOWN = 1_024

interface Origin {
  readonly parent: LineageId
  /** The last entry that is of both. */
  readonly fork: Index
}

/** Which histories a replica has seen, and how they go on from each other: so it can tell which versions it has. */
export class History {
  /** Undefined for one that goes on from none, as far as was told. */
  readonly #known = new Map<LineageId, Origin | undefined>()

  /** The group has founded or joined a lineage. */
  entered(lineage: LineageId, parent?: LineageId, fork?: Index): void {
    const origin = parent === undefined ? this.#known.get(lineage) : { parent, fork: fork ?? 0 }
    this.#known.delete(lineage) // the newest are kept
    this.#known.set(lineage, origin)
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break
      this.#known.delete(oldest)
    }
  }

  /** Whether a replica that has `here` has `wanted` too; `never`: what is wanted is in another history, which this one does not go on from. */
  compare(wanted: Version, here: { readonly lineage: LineageId | undefined; readonly index: Index }): 'reached' | 'ahead' | 'never' {
    if (wanted.index <= 0) return 'reached'
    if (here.lineage === undefined) return 'ahead'
    const shared = this.#shared(wanted.lineage, here.lineage)
    if (shared === undefined) return this.#known.has(wanted.lineage) ? 'never' : 'ahead'
    if (wanted.index > shared) return 'never'
    return here.index >= wanted.index ? 'reached' : 'ahead'
  }

  /** Up to where `lineage` is part of `current`. */
  #shared(lineage: LineageId, current: LineageId): Index | undefined {
    let at: LineageId = current
    let shared = Number.POSITIVE_INFINITY
    for (let steps = 0; steps <= MAX_KNOWN; steps++) {
      if (at === lineage) return shared
      const origin = this.#known.get(at)
      if (origin === undefined) return undefined
      shared = Math.min(shared, origin.fork)
      at = origin.parent
    }
    return undefined
  }
}
