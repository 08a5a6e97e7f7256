/**
 * What travels on a bond, byte by byte. Numbers are big-endian and unsigned; `n` is the number that the opener of groups
 * (the peer with the lower id) has given to one opening of one group, from 1 up, never used twice on a bond.
 *
 * ```text
 * start    1 | network proof 32 | run 8 | token 8 | seen 8   from who dialled, first
 * welcome  2 | run 8                                         from who was dialled, first
 * ask      3 | group 32                                      please open this group
 * deny     4 | group 32 | code 4 | name length 1 | name | detail   the answer to `ask` when it will not be opened
 * open     5 | n 4 | group 32 | nonce 32 | observer 1
 * answer   6 | n 4 | nonce 32 | proof 32 | observer 1
 * prove    7 | n 4 | proof 32 | hello (0 to 1 KiB)
 * up       8 | n 4 | hello (0 to 1 KiB)
 * close    9 | n 4 | code 4 | name length 1 | name (to 64) | detail (to 256)
 * standing 10 | n 4 | observer 1
 * beat     11 | sequence 4 | ack 4 | statuses: { n 4 | length 1 | status (to 64) } …
 * control  12 | n 4 | payload (0 to 64 KiB)
 * part     13 | n 4 | payload (64 KiB exactly): to be continued
 * bulk     14 | n 4 | payload (0 to 64 KiB): all of a frame, or its end
 * ```
 */
import { idFromBytes, MosaikError, toBytes } from '@mosaik/core'
import type { CloseReason, GroupId, UniqueId } from '@mosaik/core'
import { FrameReader, FrameWriter } from '../../wire/bytes.ts'
import { MAX_HELLO_BYTES, MAX_STATUS_BYTES, MAX_STATUSES, NONCE_BYTES, PIECE_BYTES, PIECE_HEADER_BYTES, PROOF_BYTES } from './protocol.ts'

export interface Start {
  readonly type: 'start'
  readonly proof: UniqueId
  /** Drawn by each side when it starts to serve: another one is another life. */
  readonly run: bigint
  /** Names this attempt. */
  readonly token: bigint
  /** The token of the newest bond that this side has accepted from the other one; 0: of none. */
  readonly seen: bigint
}
export interface Status {
  readonly n: number
  readonly status: Uint8Array
}
export interface Beat {
  readonly type: 'beat'
  readonly sequence: number
  /** The highest sequence number that has arrived from the other side. */
  readonly ack: number
  readonly statuses: readonly Status[]
}
export type BondFrame =
  | Start
  | { readonly type: 'welcome'; readonly run: bigint }
  | { readonly type: 'ask'; readonly groupId: GroupId }
  | { readonly type: 'deny'; readonly groupId: GroupId; readonly reason: CloseReason }
  | { readonly type: 'open'; readonly n: number; readonly groupId: GroupId; readonly nonce: Uint8Array; readonly observer: boolean }
  | { readonly type: 'answer'; readonly n: number; readonly nonce: Uint8Array; readonly proof: Uint8Array; readonly observer: boolean }
  | { readonly type: 'prove'; readonly n: number; readonly proof: Uint8Array; readonly hello: Uint8Array }
  | { readonly type: 'up'; readonly n: number; readonly hello: Uint8Array }
  | { readonly type: 'close'; readonly n: number; readonly reason: CloseReason }
  | { readonly type: 'standing'; readonly n: number; readonly observer: boolean }
  | Beat
  | { readonly type: 'control' | 'part' | 'bulk'; readonly n: number; readonly payload: Uint8Array }

const Kind = {
  start: 1, welcome: 2, ask: 3, deny: 4, open: 5, answer: 6, prove: 7, up: 8, close: 9, standing: 10, beat: 11, control: 12, part: 13, bulk: 14,
} as const // prettier-ignore
const Types: readonly (BondFrame['type'] | undefined)[] = [undefined, ...(Object.keys(Kind) as BondFrame['type'][])]
const ID_BYTES = 32
const MAX_NAME_BYTES = 64
const MAX_DETAIL_BYTES = 256

export function encodeFrame(frame: BondFrame): Uint8Array {
  switch (frame.type) {
    case 'control':
    case 'part':
    case 'bulk':
      return encodePiece(frame.type, frame.n, frame.payload)
    case 'beat':
      return encodeBeat(frame)
    default:
      return encodeOther(frame)
  }
}

type Other = Exclude<BondFrame, Beat | { type: 'control' | 'part' | 'bulk' }>

function encodeOther(frame: Other): Uint8Array {
  const to = new FrameWriter(Kind[frame.type])
  switch (frame.type) {
    case 'start':
      return to.bytes(toBytes(frame.proof)).u64(frame.run).u64(frame.token).u64(frame.seen).done()
    case 'welcome':
      return to.u64(frame.run).done()
    case 'ask':
      return to.bytes(toBytes(frame.groupId)).done()
    case 'deny':
      return writeReason(to.bytes(toBytes(frame.groupId)), frame.reason)
    case 'open':
      return to.u32(frame.n).bytes(toBytes(frame.groupId)).bytes(frame.nonce).flag(frame.observer).done()
    case 'answer':
      return to.u32(frame.n).bytes(frame.nonce).bytes(frame.proof).flag(frame.observer).done()
    case 'prove':
      return to.u32(frame.n).bytes(frame.proof).bytes(frame.hello).done()
    case 'up':
      return to.u32(frame.n).bytes(frame.hello).done()
    case 'close':
      return writeReason(to.u32(frame.n), frame.reason)
    case 'standing':
      return to.u32(frame.n).flag(frame.observer).done()
  }
}

function writeReason(to: FrameWriter, { code, name, detail }: CloseReason): Uint8Array {
  const text = cut(name, MAX_NAME_BYTES)
  return to
    .u32(code)
    .u8(text.length)
    .bytes(text)
    .bytes(cut(detail ?? '', MAX_DETAIL_BYTES))
    .done()
}

function cut(text: string, max: number): Uint8Array {
  const bytes = new Uint8Array(max)
  return bytes.subarray(0, new TextEncoder().encodeInto(text, bytes).written)
}

function encodePiece(type: 'control' | 'part' | 'bulk', n: number, payload: Uint8Array): Uint8Array {
  // not cleared, and small ones from a shared pool: all of it is written here, and then copied by the link
  const bytes = Buffer.allocUnsafe(PIECE_HEADER_BYTES + payload.length)
  bytes[0] = Kind[type]
  bytes[1] = n >>> 24
  bytes[2] = n >>> 16
  bytes[3] = n >>> 8
  bytes[4] = n
  bytes.set(payload, PIECE_HEADER_BYTES)
  return bytes
}

function encodeBeat({ sequence, ack, statuses }: Beat): Uint8Array {
  const to = new FrameWriter(Kind.beat).u32(sequence).u32(ack)
  for (const { n, status } of statuses) to.u32(n).u8(status.length).bytes(status)
  return to.done()
}

/** The payload shares memory with `bytes`. Throws `ERR_PROTOCOL` saying what is wrong. */
export function decodeFrame(bytes: Uint8Array): BondFrame {
  const type = Types[bytes[0] ?? 0]
  if (type === undefined) throw violation(bytes.length === 0 ? 'an empty frame' : `a frame of unknown kind ${bytes[0]}`)
  const from = new FrameReader(bytes, type)
  const frame = decodeBody(type, from)
  from.end()
  return frame
}

function decodeBody(type: BondFrame['type'], from: FrameReader): BondFrame {
  switch (type) {
    case 'start':
      return { type, proof: idFromBytes(from.bytes(ID_BYTES)), run: from.u64(), token: from.u64(), seen: from.u64() }
    case 'welcome':
      return { type, run: from.u64() }
    case 'ask':
      return { type, groupId: idFromBytes(from.bytes(ID_BYTES)) }
    case 'deny':
      return { type, groupId: idFromBytes(from.bytes(ID_BYTES)), reason: readReason(from) }
    case 'beat':
      return { type, sequence: from.u32(), ack: from.u32(), statuses: readStatuses(from) }
    case 'control':
    case 'part':
    case 'bulk':
      return { type, n: from.u32(), payload: type === 'part' ? from.bytes(PIECE_BYTES) : from.rest(PIECE_BYTES) }
    default:
      return decodeNumbered(type, from.u32(), from)
  }
}

function decodeNumbered(type: 'open' | 'answer' | 'prove' | 'up' | 'close' | 'standing', n: number, from: FrameReader): BondFrame {
  switch (type) {
    case 'open':
      return { type, n, groupId: idFromBytes(from.bytes(ID_BYTES)), nonce: from.bytes(NONCE_BYTES), observer: from.flag() }
    case 'answer':
      return { type, n, nonce: from.bytes(NONCE_BYTES), proof: from.bytes(PROOF_BYTES), observer: from.flag() }
    case 'prove':
      return { type, n, proof: from.bytes(PROOF_BYTES), hello: from.rest(MAX_HELLO_BYTES) }
    case 'up':
      return { type, n, hello: from.rest(MAX_HELLO_BYTES) }
    case 'close':
      return { type, n, reason: readReason(from) }
    case 'standing':
      return { type, n, observer: from.flag() }
  }
}

function readReason(from: FrameReader): CloseReason {
  const code = from.u32()
  const name = from.text(from.u8(), MAX_NAME_BYTES)
  const detail = from.text(from.left, MAX_DETAIL_BYTES)
  return detail === '' ? { code, name } : { code, name, detail }
}

function readStatuses(from: FrameReader): Status[] {
  const statuses: Status[] = []
  while (from.left > 0) {
    if (statuses.length === MAX_STATUSES) throw violation(`a beat with more than ${MAX_STATUSES} statuses`)
    const n = from.u32()
    const length = from.u8()
    if (length > MAX_STATUS_BYTES) throw violation(`a status of ${length} bytes; ${MAX_STATUS_BYTES} are allowed`)
    statuses.push({ n, status: from.bytes(length) })
  }
  return statuses
}

export function violation(what: string): MosaikError {
  return new MosaikError('ERR_PROTOCOL', what)
}
