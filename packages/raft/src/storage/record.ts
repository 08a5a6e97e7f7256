import { canonical, decodeCanonical } from '@mosaik/core'
import { crc32 } from 'node:zlib'
import type { Cursor, Index } from '../logic/types.ts'
import type { LogEntry } from './types.ts'

/** What a segment starts with: all that its predecessors said besides entries, so that they can be removed. */
export interface Start {
  readonly segment: number
  readonly owner: string | undefined
  readonly hardState: Uint8Array | undefined
  /** Number of the snapshot file that counts; 0 for none. */
  readonly snapshot: number
  /** The position right before the first entry. */
  readonly boundary: Cursor
  readonly last: Index
}

/** What a frame says besides entries, in the order in which it takes effect. */
export type Mark =
  | { readonly type: 'start'; readonly start: Start }
  | { readonly type: 'owner'; readonly owner: string }
  | { readonly type: 'reset'; readonly at: Cursor }
  | { readonly type: 'truncate'; readonly from: Index }
  | { readonly type: 'prune'; readonly at: Cursor }
  | { readonly type: 'hardState'; readonly bytes: Uint8Array }
  | { readonly type: 'snapshot'; readonly number: number }
  | { readonly type: 'sealed' }

/** Tags on disk. `canonical` bytes follow, but for entries and chunks. */
export const TAG = {
  start: 1,
  entry: 2,
  owner: 3,
  reset: 4,
  truncate: 5,
  prune: 6,
  hardState: 7,
  snapshot: 8,
  sealed: 9,
  snapshotHead: 16,
  chunk: 17,
  snapshotEnd: 18,
} as const

/** length: u32 · crc32: u32, of tag and body · tag: u8 · body. Numbers are big-endian. */
export const RECORD_HEAD = 9
/** index: u64 · term: u64, before the bytes of an entry. */
export const ENTRY_HEAD = 16
const FORMAT = 1

export interface RawRecord {
  readonly tag: number
  /** Where the body begins, in the bytes that were read. */
  readonly at: number
  readonly body: Buffer
}

/** A record as bytes. */
export function encodeRecord(tag: number, body: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(RECORD_HEAD + body.length)
  record.set(body, RECORD_HEAD)
  closeRecord(record, 0, tag, body.length)
  return record
}

/** Writes an entry's record at `at` and answers where it ends. */
export function putEntry(into: Buffer, at: number, { index, term, bytes }: LogEntry): number {
  const body = at + RECORD_HEAD
  putNumber(into, body, index)
  putNumber(into, body + 8, term)
  into.set(bytes, body + ENTRY_HEAD)
  closeRecord(into, at, TAG.entry, ENTRY_HEAD + bytes.length)
  return body + ENTRY_HEAD + bytes.length
}

export function entrySize(entry: LogEntry): number {
  return RECORD_HEAD + ENTRY_HEAD + entry.bytes.length
}

/** The record at `at` that must end by `end`; undefined when it does not, or its checksum is wrong. */
export function readRecord(from: Buffer, at: number, end: number = from.length): RawRecord | undefined {
  if (at + RECORD_HEAD > end) return undefined
  const length = from.readUInt32BE(at)
  const body = at + RECORD_HEAD
  if (length > end - body) return undefined
  if (crc32(from.subarray(body - 1, body + length)) !== from.readUInt32BE(at + 4)) return undefined
  return { tag: from[body - 1] as number, at: body, body: from.subarray(body, body + length) }
}

/** The entry in the body of a record; its bytes are a view. */
export function decodeEntry(body: Buffer): LogEntry {
  return { index: getNumber(body, 0), term: getNumber(body, 8), bytes: body.subarray(ENTRY_HEAD) }
}

export function encodeMark(mark: Mark): Buffer {
  switch (mark.type) {
    case 'start':
      return encodeRecord(TAG.start, startBody(mark.start))
    case 'owner':
      return encodeRecord(TAG.owner, canonical(mark.owner))
    case 'reset':
    case 'prune':
      return encodeRecord(TAG[mark.type], canonical([mark.at.index, mark.at.term]))
    case 'truncate':
      return encodeRecord(TAG.truncate, canonical(mark.from))
    case 'hardState':
      return encodeRecord(TAG.hardState, mark.bytes)
    case 'snapshot':
      return encodeRecord(TAG.snapshot, canonical(mark.number))
    case 'sealed':
      return encodeRecord(TAG.sealed, new Uint8Array())
  }
}

/** Undefined for a record that this version does not know, or that it would never have written. */
export function decodeMark({ tag, body }: RawRecord): Mark | undefined {
  try {
    if (tag === TAG.hardState) return { type: 'hardState', bytes: new Uint8Array(body) }
    if (tag === TAG.sealed) return { type: 'sealed' }
    const value = decodeCanonical(body)
    if (tag === TAG.start) return { type: 'start', start: startOf(value as unknown as Written) }
    if (tag === TAG.owner) return { type: 'owner', owner: value as string }
    if (tag === TAG.truncate) return { type: 'truncate', from: value as number }
    if (tag === TAG.snapshot) return { type: 'snapshot', number: value as number }
    if (tag === TAG.reset || tag === TAG.prune) {
      const [index, term] = value as [number, number]
      return { type: tag === TAG.reset ? 'reset' : 'prune', at: { index, term } }
    }
    return undefined
  } catch {
    return undefined
  }
}

interface Written {
  readonly format: number
  readonly segment: number
  readonly owner: string | null
  readonly hardState: Uint8Array | null
  readonly snapshot: number
  readonly boundary: readonly [number, number]
  readonly last: number
}

function startBody({ owner, hardState, boundary, ...rest }: Start): Uint8Array {
  return canonical({
    ...rest,
    format: FORMAT,
    owner: owner ?? null,
    hardState: hardState ?? null,
    boundary: [boundary.index, boundary.term],
  })
}

function startOf({ format, segment, owner, hardState, snapshot, boundary: [index, term], last }: Written): Start {
  if (format !== FORMAT) throw new RangeError('another format')
  return { segment, owner: owner ?? undefined, hardState: hardState ?? undefined, snapshot, boundary: { index, term }, last }
}

function closeRecord(record: Buffer, at: number, tag: number, length: number): void {
  const body = at + RECORD_HEAD
  record[body - 1] = tag
  record.writeUInt32BE(length, at)
  record.writeUInt32BE(crc32(record.subarray(body - 1, body + length)), at + 4)
}

function putNumber(into: Buffer, at: number, value: number): void {
  into.writeUInt32BE(Math.floor(value / 2 ** 32), at)
  into.writeUInt32BE(value >>> 0, at + 4)
}

function getNumber(from: Buffer, at: number): number {
  return from.readUInt32BE(at) * 2 ** 32 + from.readUInt32BE(at + 4)
}
