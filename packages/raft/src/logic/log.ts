import { assert } from '@mosaik/core'
import { NOBODY } from './configuration.ts'
import type { Configuration } from './configuration.ts'
import { commandsIn, sizeOf } from './entry.ts'
import type { Entry } from './entry.ts'
import { hashAfter } from './hash.ts'
import type { SnapshotMeta } from './snapshot.ts'
import type { Cursor, Index, Term } from './types.ts'

interface ConfigurationAt {
  readonly index: Index
  readonly configuration: Configuration
}

/** What is known of the boundary below the first entry. */
export interface LogBase {
  readonly index: Index
  readonly term: Term
  readonly hash: number
  readonly commands: number
  readonly configuration: Configuration
  readonly configurationIndex: Index
}

const EMPTY: LogBase = { index: 0, term: 0, hash: 0, commands: 0, configuration: NOBODY, configurationIndex: 0 }

/**
 * The retained part of the log, in memory. Arrays run beside the entries with what is known of the log *up to* each of
 * them: the running hash, the bytes and the commands so far. So frames are cut, hashes compared and lineages judged
 * without looking at entries again.
 */
export class Log {
  #base: LogBase = EMPTY
  #entries: Entry[] = []
  #hashes: number[] = []
  #sizes: number[] = []
  #commands: number[] = []
  #bytesBelow = 0
  #yieldIndex: Index | undefined
  #configurations: ConfigurationAt[] = [{ index: 0, configuration: NOBODY }]

  get base(): LogBase {
    return this.#base
  }

  /** The first index that is still here (or would be). */
  get first(): Index {
    return this.#base.index + 1
  }

  get lastIndex(): Index {
    return this.#base.index + this.#entries.length
  }

  get lastTerm(): Term {
    const { length } = this.#entries
    return length === 0 ? this.#base.term : (this.#entries[length - 1] as Entry).term
  }

  get last(): Cursor {
    return { term: this.lastTerm, index: this.lastIndex }
  }

  /** Who votes by the newest entry that says so, committed or not. */
  get configuration(): Configuration {
    return (this.#configurations.at(-1) as ConfigurationAt).configuration
  }

  get configurationIndex(): Index {
    return (this.#configurations.at(-1) as ConfigurationAt).index
  }

  /** Where this lineage gives way to another: nothing behind it ever commits. */
  get yieldIndex(): Index | undefined {
    return this.#yieldIndex
  }

  /** Undefined above the end and below the boundary, where nothing is known. */
  termAt(index: Index): Term | undefined {
    const at = index - this.#base.index - 1
    return at === -1 ? this.#base.term : this.#entries[at]?.term
  }

  hashAt(index: Index): number | undefined {
    const at = index - this.#base.index - 1
    return at === -1 ? this.#base.hash : this.#hashes[at]
  }

  /** Commands in the lineage up to and with `index`. */
  commandsUpTo(index: Index): number {
    const at = index - this.#base.index - 1
    return at < 0 ? this.#base.commands : (this.#commands[Math.min(at, this.#commands.length - 1)] ?? this.#base.commands)
  }

  /** Bytes of the entries in (from, to]. */
  bytesBetween(from: Index, to: Index): number {
    return this.#bytesUpTo(to) - this.#bytesUpTo(from)
  }

  entryAt(index: Index): Entry | undefined {
    return this.#entries[index - this.#base.index - 1]
  }

  /** What a snapshot at `index` stands for, its root aside. */
  describe(index: Index): Omit<LogBase, 'index'> & { readonly index: Index } {
    const term = this.termAt(index)
    const hash = this.hashAt(index)
    assert(term !== undefined && hash !== undefined, `the log knows ${index}`)
    const at = this.#configurations.findLast((each) => each.index <= index) as ConfigurationAt
    return { index, term, hash, commands: this.commandsUpTo(index), configuration: at.configuration, configurationIndex: at.index }
  }

  append(entry: Entry): void {
    assert(entry.index === this.lastIndex + 1, `entry ${entry.index} follows ${this.lastIndex}`)
    const before = this.lastIndex
    const { data } = entry
    this.#hashes.push(hashAfter(this.hashAt(before) as number, entry))
    this.#sizes.push(this.#bytesUpTo(before) + sizeOf(data))
    this.#commands.push(this.commandsUpTo(before) + commandsIn(data))
    this.#entries.push(entry)
    if (data.kind === 'configuration' || data.kind === 'founding') {
      this.#configurations.push({ index: entry.index, configuration: data.configuration })
    }
    if (data.kind === 'founding') this.#yieldIndex = undefined
    if (data.kind === 'yield') this.#yieldIndex ??= entry.index
  }

  /** Drops everything from `index` on. */
  truncate(index: Index): void {
    assert(index > this.#base.index, `${index} is above the boundary ${this.#base.index}`)
    const keep = index - this.#base.index - 1
    this.#entries.length = keep
    this.#hashes.length = keep
    this.#sizes.length = keep
    this.#commands.length = keep
    if (this.#yieldIndex !== undefined && this.#yieldIndex >= index) this.#yieldIndex = undefined
    while ((this.#configurations.at(-1) as ConfigurationAt).index >= index) this.#configurations.pop()
  }

  /** Drops everything up to and with `index`, which becomes the boundary. */
  prune(index: Index): void {
    const count = index - this.#base.index
    if (count <= 0) return
    const base = this.describe(index)
    this.#bytesBelow = this.#bytesUpTo(index)
    this.#base = base
    this.#entries.splice(0, count)
    this.#hashes.splice(0, count)
    this.#sizes.splice(0, count)
    this.#commands.splice(0, count)
    const later = this.#configurations.filter((each) => each.index > base.configurationIndex)
    this.#configurations = [{ index: base.configurationIndex, configuration: base.configuration }, ...later]
  }

  /** Starts over from a snapshot. */
  reset(snapshot: SnapshotMeta | undefined): void {
    const { index, term, hash, commands, configuration, configurationIndex } = snapshot ?? EMPTY
    this.#base = { index, term, hash, commands, configuration, configurationIndex }
    this.#entries = []
    this.#hashes = []
    this.#sizes = []
    this.#commands = []
    this.#bytesBelow = 0
    this.#yieldIndex = undefined
    this.#configurations = [{ index: configurationIndex, configuration }]
  }

  /** Entries [from, to], all of them here. */
  slice(from: Index, to: Index): Entry[] {
    return this.#entries.slice(from - this.first, to - this.first + 1)
  }

  /** The last index of a frame that begins at `from`: as many entries as fit, at least one if there is one. */
  frameEnd(from: Index, maxEntries: number, maxBytes: number): Index {
    const limit = this.#bytesUpTo(from - 1) + maxBytes
    const last = Math.min(this.lastIndex, from + maxEntries - 1)
    let low = Math.min(from, last)
    let high = last
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#bytesUpTo(middle) <= limit) low = middle
      else high = middle - 1
    }
    return low
  }

  /** The highest position at or below `index` whose term is at most `term`: where two logs may still agree. */
  candidateFor(index: Index, term: Term): Cursor {
    let at = Math.min(index, this.lastIndex)
    while (at > this.#base.index && (this.termAt(at) as Term) > term) at--
    return { index: at, term: this.termAt(at) ?? 0 }
  }

  #bytesUpTo(index: Index): number {
    const at = index - this.#base.index - 1
    return at < 0 ? this.#bytesBelow : (this.#sizes[Math.min(at, this.#sizes.length - 1)] ?? this.#bytesBelow)
  }
}
