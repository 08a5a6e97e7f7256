import { hash } from 'node:crypto'
import { MosaikError } from '@mosaik/core'
import type { SnapshotItem, SnapshotSource } from '../types.ts'
import { malformed } from './shape.ts'

/** Largest chunk of a state: what is encoded, hashed, sent or installed at a time. */
export const CHUNK_BYTES: number = 256 * 1024
const HEAD_BYTES = 1
/** Lengths of the key and the value. */
const RECORD_BYTES = 8
const MAX_RECORD_BYTES = 2 ** 32 - 1
/** Set in the head of a chunk that is a piece of an item too large for one. */
const PIECE = 0x80

/** Where a chunk begins: enough to make it again. */
export interface ChunkStart {
  readonly section: number
  /** Of the first item, a copy; undefined: at the first of all. */
  readonly key: Uint8Array | undefined
  /** Bytes of that item that are in chunks before. */
  readonly offset: number
}

export interface Chunk {
  readonly start: ChunkStart
  readonly bytes: Uint8Array
}

const BEGINNING: ChunkStart = { section: 0, key: undefined, offset: 0 }

/**
 * Cuts a state into chunks: its sections one after the other, each a list of items. Where it cuts depends on the items and `maxItems`
 * alone, so it is the same on every member, and the same when it begins anew at the start of any chunk.
 *
 * A chunk is a head (the section, u8) and items: length of the key u32, length of the value u32, key, value. An item that does
 * not fit into a chunk alone is cut by bytes; the heads of its chunks have the highest bit set.
 */
export class Chunker {
  readonly #sections: readonly SnapshotSource[]
  readonly #maxItems: number
  #section: number
  #items: Iterator<SnapshotItem>
  #item: SnapshotItem | undefined
  /** Of the item that is being cut. */
  #offset: number
  #last: Uint8Array | undefined

  constructor(sections: readonly SnapshotSource[], maxItems: number, { section, key, offset }: ChunkStart = BEGINNING) {
    this.#sections = sections
    this.#maxItems = maxItems
    this.#section = section
    this.#items = this.#open(key)
    this.#offset = offset
    this.#item = this.#pull()
  }

  /** Undefined at the end. Throws `ERR_GROUP_FAILED` for items out of order. */
  next(): Chunk | undefined {
    while (this.#item === undefined) {
      if (this.#section >= this.#sections.length - 1) return undefined
      this.#section++
      this.#last = undefined
      this.#items = this.#open(undefined)
      this.#item = this.#pull()
    }
    const start = { section: this.#section, key: new Uint8Array(this.#item[0]), offset: this.#offset }
    return { start, bytes: HEAD_BYTES + recordSize(this.#item) > CHUNK_BYTES ? this.#piece(this.#item) : this.#whole() }
  }

  #whole(): Uint8Array {
    const items: SnapshotItem[] = []
    let size = HEAD_BYTES
    for (let item = this.#item; item !== undefined && items.length < this.#maxItems; item = this.#item) {
      const more = recordSize(item)
      if (size + more > CHUNK_BYTES) break
      items.push(item)
      size += more
      this.#item = this.#pull()
    }
    const bytes = Buffer.allocUnsafeSlow(size)
    bytes[0] = this.#section
    let at = HEAD_BYTES
    for (const item of items) at = writeRecord(bytes, at, item)
    return bytes
  }

  #piece(item: SnapshotItem): Uint8Array {
    const total = recordSize(item)
    if (total > MAX_RECORD_BYTES) throw new MosaikError('ERR_GROUP_FAILED', `an item of ${total} bytes is too large for a snapshot`)
    const from = this.#offset
    const to = Math.min(total, from + CHUNK_BYTES - HEAD_BYTES)
    const bytes = Buffer.allocUnsafeSlow(HEAD_BYTES + to - from)
    bytes[0] = this.#section | PIECE
    const [key, value] = item
    const head = Buffer.alloc(RECORD_BYTES)
    head.writeUInt32BE(key.length, 0)
    head.writeUInt32BE(value.length, 4)
    let [at, begin] = [HEAD_BYTES, 0]
    for (const part of [head, key, value]) {
      const piece = part.subarray(Math.max(0, from - begin), Math.max(0, to - begin))
      bytes.set(piece, at)
      at += piece.length
      begin += part.length
    }
    this.#offset = to < total ? to : 0
    if (to === total) this.#item = this.#pull()
    return bytes
  }

  #open(key: Uint8Array | undefined): Iterator<SnapshotItem> {
    return (this.#sections[this.#section] as SnapshotSource).items(key)[Symbol.iterator]()
  }

  #pull(): SnapshotItem | undefined {
    const next = this.#items.next()
    if (next.done === true) return undefined
    const [key] = next.value
    if (this.#last !== undefined && Buffer.compare(this.#last, key) >= 0) {
      throw new MosaikError('ERR_GROUP_FAILED', 'the state machine gave the items of its snapshot out of order')
    }
    this.#last = key
    return next.value
  }
}

/** Takes chunks in their order, and gives the items. */
export class Unchunker {
  /** Where each chunk so far began. */
  readonly starts: ChunkStart[] = []
  /** The item whose pieces are coming. */
  #record: Uint8Array | undefined
  #filled = 0

  /** Throws `ERR_PROTOCOL`. The items share memory with the chunk. */
  read(chunk: Uint8Array): { readonly section: number; readonly items: readonly SnapshotItem[] } {
    const head = chunk[0]
    if (head === undefined) throw malformed('chunk: empty')
    const section = head & ~PIECE
    const body = chunk.subarray(HEAD_BYTES)
    if (head !== section) return { section, items: this.#append(section, body) }
    if (this.#record !== undefined) throw malformed('chunk: the item before is not complete')
    const items = readRecords(body)
    this.starts.push({ section, key: copyOf(items[0]), offset: 0 })
    return { section, items }
  }

  /** Throws `ERR_PROTOCOL` when an item is not complete. */
  end(): void {
    if (this.#record !== undefined) throw malformed('chunk: the last item is not complete')
  }

  #append(section: number, piece: Uint8Array): readonly SnapshotItem[] {
    if (this.#record === undefined) {
      if (piece.length < RECORD_BYTES) throw malformed('chunk: a piece without a head')
      const view = viewOf(piece)
      this.#record = new Uint8Array(RECORD_BYTES + view.getUint32(0) + view.getUint32(4))
      this.#filled = 0
    }
    const record = this.#record
    if (this.#filled + piece.length > record.length) throw malformed('chunk: a piece too large')
    this.starts.push({ section, key: undefined, offset: this.#filled })
    record.set(piece, this.#filled)
    this.#filled += piece.length
    if (this.#filled < record.length) return []
    this.#record = undefined
    const items = readRecords(record)
    // Only now is the key whole that all of its pieces begin at.
    for (let i = this.starts.length - 1, offset = -1; offset !== 0; i--) {
      offset = (this.starts[i] as ChunkStart).offset
      this.starts[i] = { section, key: copyOf(items[0]), offset }
    }
    return items
  }
}

/** By which chunks are verified. */
export function hashOf(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer')
}

/** Of its key: the chunk that it came in is not held for it. */
function copyOf(item: SnapshotItem | undefined): Uint8Array | undefined {
  return item === undefined ? undefined : new Uint8Array(item[0])
}

function recordSize([key, value]: SnapshotItem): number {
  return RECORD_BYTES + key.length + value.length
}

function writeRecord(bytes: Buffer, at: number, [key, value]: SnapshotItem): number {
  bytes.writeUInt32BE(key.length, at)
  bytes.writeUInt32BE(value.length, at + 4)
  bytes.set(key, at + RECORD_BYTES)
  bytes.set(value, at + RECORD_BYTES + key.length)
  return at + RECORD_BYTES + key.length + value.length
}

function readRecords(bytes: Uint8Array): SnapshotItem[] {
  const view = viewOf(bytes)
  const items: SnapshotItem[] = []
  for (let at = 0; at < bytes.length;) {
    if (at + RECORD_BYTES > bytes.length) throw malformed('chunk: an item is cut')
    const valueAt = at + RECORD_BYTES + view.getUint32(at)
    const end = valueAt + view.getUint32(at + 4)
    if (end > bytes.length) throw malformed('chunk: an item is cut')
    items.push([bytes.subarray(at + RECORD_BYTES, valueAt), bytes.subarray(valueAt, end)])
    at = end
  }
  return items
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length)
}
