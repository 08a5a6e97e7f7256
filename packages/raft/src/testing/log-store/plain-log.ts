import assert from 'node:assert/strict'
import type { Cursor, Index, Term } from '../../logic/types.ts'
import type { LogEntry, LogStore, LogWrite } from '../../storage/types.ts'

/** A log as simple as it can be, to compare stores with. It checks nothing. */
export class PlainLog {
  entries: LogEntry[] = []
  before: Cursor = { term: 0, index: 0 }
  hardState: Uint8Array | undefined

  get last(): Cursor {
    const { term, index } = this.entries.at(-1) ?? this.before
    return { term, index }
  }

  write({ reset, truncateFrom, entries = [], hardState }: LogWrite): void {
    if (reset !== undefined) [this.entries, this.before] = [[], reset]
    if (truncateFrom !== undefined) this.entries = this.entries.filter(({ index }) => index < truncateFrom)
    this.entries.push(...entries)
    if (hardState !== undefined) this.hardState = hardState
  }

  prune(upTo: Index): void {
    const boundary = this.entries.find(({ index }) => index === upTo)
    if (boundary !== undefined) this.before = { term: boundary.term, index: upTo }
    this.entries = this.entries.filter(({ index }) => index > upTo)
  }

  /** Another one that shows the same. */
  copy(): PlainLog {
    const copy = new PlainLog()
    copy.entries = [...this.entries]
    copy.before = this.before
    copy.hardState = this.hardState
    return copy
  }

  /** Entries after the last one, of `term`, with bytes of their own. */
  next(count: number, term: Term, size = 40): LogEntry[] {
    const first = this.last.index + 1
    return Array.from({ length: count }, (_, i) => makeEntry(first + i, term, size))
  }
}

/** An entry whose bytes nobody else's are. */
export function makeEntry(index: Index, term: Term, size = 40): LogEntry {
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = (index * 31 + term * 7 + i * 13) & 0xff
  return { index, term, bytes }
}

/** Asserts that a store shows what `plain` does, at every index. */
export async function assertSame(store: LogStore, plain: PlainLog): Promise<void> {
  const { before, last, entries } = plain
  assert.equal(store.first, before.index + 1, 'first')
  assert.deepEqual({ ...store.last }, last, 'last')
  assert.equal(
    store.bytes,
    entries.reduce((sum, { bytes }) => sum + bytes.length, 0),
    'bytes',
  )
  assert.deepEqual(asText(store.hardState), asText(plain.hardState), 'hardState')
  const found = await store.entries(before.index + 1, last.index)
  assert.deepEqual(found.map(textOf), entries.map(textOf), 'entries')
  assert.equal(await store.termAt(before.index), before.term, 'the term at the boundary')
  for (const { index, term } of entries) assert.equal(await store.termAt(index), term, `the term at ${index}`)
  assert.equal(await store.termAt(last.index + 1), undefined, 'a term after the end')
  if (before.index > 0) assert.equal(await store.termAt(before.index - 1), undefined, 'a term below the boundary')
}

export function asText(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('hex')
}

function textOf({ index, term, bytes }: LogEntry): string {
  return `${index} ${term} ${asText(bytes)}`
}
