import { FrameReader, FrameWriter } from './bytes.ts'
import type { Index } from '../logic/types.ts'
import { CHUNK_BYTES } from './chunks.ts'
import { count, malformed } from './shape.ts'

// Frames of a group beside those of its core, whose kinds are 1 to 9.
const ASK = 10
const PART = 11
const GONE = 12

/** Part 0 is the list of the hashes of all chunks, 32 bytes each; its hash is the snapshot's root. Chunks are parts from 1 on. */
export const HASH_BYTES = 32
export const MAX_CHUNKS = 65_536

export type SnapshotFrame =
  | { readonly type: 'ask'; readonly index: Index; readonly part: number }
  | { readonly type: 'part'; readonly index: Index; readonly part: number; readonly bytes: Uint8Array }
  /** Not here, not yet or not any more: ask somebody else. */
  | { readonly type: 'gone'; readonly index: Index; readonly part: number }

export function encodeSnapshotFrame(frame: SnapshotFrame): Uint8Array {
  const kind = frame.type === 'ask' ? ASK : frame.type === 'part' ? PART : GONE
  const writer = new FrameWriter(kind).u64(BigInt(frame.index)).u32(frame.part)
  return frame.type === 'part' ? writer.bytes(frame.bytes).done() : writer.done()
}

/** Throws `ERR_PROTOCOL`. */
export function decodeSnapshotFrame(bytes: Uint8Array): SnapshotFrame {
  const kind = bytes[0]
  const reader = new FrameReader(bytes, 'snapshot')
  const index = count(Number(reader.u64()), 'snapshot: index')
  const part = reader.u32()
  if (part > MAX_CHUNKS) throw malformed(`snapshot: part ${part}`)
  if (kind === PART) return { type: 'part', index, part, bytes: reader.rest(part === 0 ? MAX_CHUNKS * HASH_BYTES : CHUNK_BYTES) }
  reader.end()
  if (kind === ASK) return { type: 'ask', index, part }
  if (kind === GONE) return { type: 'gone', index, part }
  throw malformed(`frame: kind ${kind}`)
}
