import type { Cursor, Index, LineageId } from '@mosaik/raft'
import type { SeenEntry } from './truth.ts'

/** Where a log begins that has been cut short from behind. */
export interface Boundary extends Cursor {
  readonly lineage: LineageId | undefined
}

export const START: Boundary = { term: 0, index: 0, lineage: undefined }

/** What a store has been told to hold. */
export class LogMirror {
  boundary: Boundary = START
  entries: SeenEntry[] = []

  get last(): Boundary {
    return this.entries.at(-1) ?? this.boundary
  }

  at(index: Index): SeenEntry | undefined {
    return this.entries[index - this.boundary.index - 1]
  }

  push(entry: SeenEntry): void {
    this.entries.push(entry)
  }

  /** Answers what was dropped. */
  cut(from: Index): SeenEntry[] {
    return this.entries.splice(Math.max(0, from - this.boundary.index - 1))
  }

  restart(boundary: Boundary): SeenEntry[] {
    const dropped = this.entries
    this.entries = []
    this.boundary = boundary
    return dropped
  }

  prune(upTo: Index): void {
    const entry = this.at(upTo)
    if (entry === undefined) return
    this.entries.splice(0, upTo - this.boundary.index)
    this.boundary = { term: entry.term, index: entry.index, lineage: entry.lineage }
  }

  copy(): LogMirror {
    const copy = new LogMirror()
    copy.boundary = this.boundary
    copy.entries = [...this.entries]
    return copy
  }
}
