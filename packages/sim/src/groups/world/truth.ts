import type { Index, LineageId, LogEntry, Term } from '@mosaik/raft'
import { readStoredEntry } from '@mosaik/raft/testing'
import type { Configuration, EntryData, Lineage } from '@mosaik/raft/testing'

/** A command with the number of the call that it is of. */
export interface Numbered {
  readonly id: number
}

/** A call, and which history and index it was answered with. */
interface Answered {
  readonly change: Numbered
  readonly index: Index
  readonly lineage: LineageId | undefined
}

/** One change as it was first applied, wherever that was. */
export interface Applied {
  readonly change: Numbered
  readonly reply: unknown
  /** Of the state that it made. */
  readonly chain: string | number
  readonly entry: SeenEntry
  readonly offset: number
}

/** An entry that was in somebody's log: the same object for everyone who has it. */
export interface SeenEntry {
  readonly lineage: LineageId
  readonly index: Index
  readonly term: Term
  readonly bytes: Uint8Array
  readonly data: EntryData
  /** Of the entry before it, in the log in which it was first seen; undefined behind a snapshot. */
  readonly previousTerm: Term | undefined
  /** Members in whose stores it is, or was when they were lost. */
  readonly holders: Set<string>
  /** Members that were told to keep it. */
  readonly askedOf: Set<string>
  readonly applied: (Applied | undefined)[]
}

/** One history, as an all-knowing observer sees it. */
export interface History extends Lineage {
  /** What was ever in somebody's log, and is of this history, by index. */
  readonly entries: Map<Index, SeenEntry[]>
  /** What its followers hold for committed, by index; what it has taken over from its parent included. */
  readonly committed: Map<Index, SeenEntry>
}

/** What is known of a group by looking at all stores and machines at once. */
export class Truth {
  readonly histories = new Map<LineageId, History>()
  /** Where each change was applied. */
  readonly places = new Map<number, Applied[]>()

  learn(lineage: Lineage): History {
    const known = this.histories.get(lineage.id)
    if (known !== undefined) return known
    const history: History = { ...lineage, entries: new Map(), committed: new Map() }
    this.histories.set(lineage.id, history)
    return history
  }

  /** To which history an index of this one belongs: up to the fork it is its parent's. */
  ownerOf(lineage: LineageId, index: Index): LineageId {
    const history = this.histories.get(lineage)
    if (history?.parent === undefined || history.fork === undefined || index > history.fork.index) return lineage
    return this.ownerOf(history.parent, index)
  }

  /** Where a call took effect that was answered so: another history may have the same command, even at the same index. */
  placeOf({ change, index, lineage }: Answered): Applied | undefined {
    return this.places.get(change.id)?.find(({ entry }) => entry.index === index && lineage !== undefined && this.isOnLine(lineage, entry))
  }

  /** Whether this is what followers of `lineage` have at its index. */
  isOnLine(lineage: LineageId, entry: SeenEntry): boolean {
    return this.histories.get(lineage)?.committed.get(entry.index) === entry
  }

  /** `before`: the history of the entry before it, and its term. */
  see(
    raw: LogEntry,
    before: LineageId | undefined,
    previousTerm: Term | undefined,
  ): { readonly entry: SeenEntry; readonly isNew: boolean } {
    const isFounding = raw.bytes[0] === 1
    const data = isFounding ? readStoredEntry(raw) : undefined
    if (data?.kind === 'founding')
      this.learn({ id: data.lineage, ...(data.parent && { parent: data.parent }), ...(data.fork && { fork: data.fork }) })
    const lineage = data?.kind === 'founding' ? data.lineage : before
    if (lineage === undefined) throw new Error(`the entry ${raw.index} belongs to no history`)
    const history = this.learn({ id: lineage })
    const there = history.entries.get(raw.index)
    const known = there?.find(({ term }) => term === raw.term)
    if (known !== undefined) return { entry: known, isNew: false }
    const entry: SeenEntry = {
      lineage,
      index: raw.index,
      term: raw.term,
      bytes: raw.bytes,
      data: data ?? readStoredEntry(raw),
      previousTerm,
      holders: new Set(),
      askedOf: new Set(),
      applied: [],
    }
    if (there === undefined) history.entries.set(raw.index, [entry])
    else there.push(entry)
    return { entry, isNew: true }
  }

  /** Who was told to keep it has lost it before it could tell anybody: it never was. */
  forget(entry: SeenEntry): void {
    const { entries, committed } = this.histories.get(entry.lineage) as History
    // What was confirmed, or has counted, may still be on its way to somebody.
    if (entry.holders.size > 0 || committed.get(entry.index) === entry) return
    entries.set(entry.index, entries.get(entry.index)?.filter((one) => one !== entry) ?? [])
  }

  /** A child begins with what its founder has: `log` is what that holds, as far back as it goes. */
  inherit({ data }: SeenEntry, log: { at(index: Index): SeenEntry | undefined }): void {
    if (data.kind !== 'founding' || data.parent === undefined || data.fork === undefined) return
    const child = this.learn({ id: data.lineage })
    const parent = this.histories.get(data.parent)
    for (let index = 1; index <= data.fork.index; index++) {
      const entry = log.at(index) ?? parent?.committed.get(index)
      if (entry !== undefined) child.committed.set(index, entry)
    }
  }

  /** The first application anywhere. */
  apply(applied: Applied): void {
    const { entry, offset, change } = applied
    entry.applied[offset] = applied
    const places = this.places.get(change.id)
    if (places === undefined) this.places.set(change.id, [applied])
    else places.push(applied)
  }

  /** The changes of a history, and of what it goes on from, as its members have applied them. */
  *lineOf(lineage: LineageId, upTo: Index = Number.POSITIVE_INFINITY): Generator<Applied> {
    for (const entry of this.histories.get(lineage)?.committed.values() ?? [])
      if (entry.index <= upTo) for (const applied of entry.applied) if (applied !== undefined) yield applied
  }
}

export function configurationOf({ data }: SeenEntry): Configuration | undefined {
  return data.kind === 'founding' || data.kind === 'configuration' ? data.configuration : undefined
}
