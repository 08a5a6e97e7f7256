import { crc32 } from 'node:zlib'
import { decodeMark, encodeMark, entrySize, putEntry, readRecord, TAG, type Mark, type RawRecord } from './record.ts'
import type { LogEntry } from './types.ts'

/**
 * A frame is what one turn of the disk makes durable, whole or not at all: head · records · end byte.
 *
 *     magic: u32 · length of the records: u32 · sequence: u64 · crc32 of these: u32
 *
 * One frame is under way at a time, so a readable frame proves that all before it were durable once: whoever finds one
 * behind unreadable bytes has found corruption, not a crash.
 */
export const FRAME_HEAD = 20
export const MAGIC: Buffer = Buffer.from([0xb7, 0x4d, 0x53, 0x4b])
/** Not zero, and no single flipped bit makes it zero: a zero here means that the end never reached the disk. */
export const END_BYTE = 0xa5

/** What belongs together: marks take effect before entries. */
export interface FramePart {
  readonly marks: readonly Mark[]
  readonly entries: readonly LogEntry[]
}

/** Hears where an entry's record begins, from the start of the frame. */
export type Place = (at: number) => void

/** A frame in bytes. */
export function encodeFrame(sequence: number, parts: readonly FramePart[], place: Place): Buffer {
  const marks = parts.map((part) => part.marks.map(encodeMark))
  let size = FRAME_HEAD + 1
  for (const mark of marks.flat()) size += mark.length
  for (const { entries } of parts) for (const entry of entries) size += entrySize(entry)
  const frame = Buffer.allocUnsafe(size)
  let at = FRAME_HEAD
  for (const [i, part] of parts.entries()) {
    for (const mark of marks[i] as Buffer[]) at += mark.copy(frame, at)
    for (const entry of part.entries) {
      place(at)
      at = putEntry(frame, at, entry)
    }
  }
  frame[at] = END_BYTE
  putHead(frame, sequence, at - FRAME_HEAD)
  return frame
}

function putHead(frame: Buffer, sequence: number, length: number): void {
  MAGIC.copy(frame, 0)
  frame.writeUInt32BE(length, 4)
  frame.writeUInt32BE(Math.floor(sequence / 2 ** 32), 8)
  frame.writeUInt32BE(sequence >>> 0, 12)
  frame.writeUInt32BE(crc32(frame.subarray(0, 16)), 16)
}

export interface FrameHead {
  readonly sequence: number
  /** Where the frame ends. */
  readonly end: number
}

/** The head of a frame at `at`; undefined when there is none. */
export function readHead(bytes: Buffer, at: number): FrameHead | undefined {
  if (at + FRAME_HEAD > bytes.length || bytes.compare(MAGIC, 0, 4, at, at + 4) !== 0) return undefined
  if (crc32(bytes.subarray(at, at + 16)) !== bytes.readUInt32BE(at + 16)) return undefined
  const sequence = bytes.readUInt32BE(at + 8) * 2 ** 32 + bytes.readUInt32BE(at + 12)
  return { sequence, end: at + FRAME_HEAD + bytes.readUInt32BE(at + 4) + 1 }
}

/** An entry's record, still encoded, or a mark. */
export type Item = { readonly mark: Mark } | { readonly entry: RawRecord }

/** What the frame between `at` and `head.end` holds; undefined when any of it is unreadable. */
export function readItems(bytes: Buffer, at: number, { end }: FrameHead): Item[] | undefined {
  if (end > bytes.length || bytes[end - 1] !== END_BYTE) return undefined
  const items: Item[] = []
  let next = at + FRAME_HEAD
  while (next < end - 1) {
    const record = readRecord(bytes, next, end - 1)
    if (record === undefined) return undefined
    next = record.at + record.body.length
    if (record.tag === TAG.entry) {
      items.push({ entry: record })
      continue
    }
    const mark = decodeMark(record)
    if (mark === undefined) return undefined
    items.push({ mark })
  }
  return items
}
