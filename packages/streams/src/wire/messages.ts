import { idFromBytes, MosaikError, toBytes } from '@mosaik/core'
import type { StreamId, UniqueId } from '@mosaik/core'
import type { Lagging } from '../types.ts'
import { MAX_CREDIT_ITEMS, MAX_CRITERIA_BYTES, WINDOW_BYTES } from './protocol.ts'

/** What a consumer node asks for; its first message. */
export interface Subscribe {
  /** Proof of the network, bound to both peers. */
  readonly proof: UniqueId
  readonly stream: StreamId
  /** `updatedAt` of the consumer's own entry, so that the producer knows when it judges an old one. */
  readonly version: number
  /** The first credit. */
  readonly credit: Credit
  /** Canonical criteria; empty for everything. */
  readonly criteria: Uint8Array
}

/** How much more a producer may send. */
export interface Credit {
  readonly items: number
  readonly bytes: number
}

const Kind = { Subscribe: 1, Start: 2, Credit: 3 } as const
const ID = 32
const SUBSCRIBE_HEAD = 1 + ID + ID + 8 + 4 + 4
const CREDIT_BYTES = 1 + 4 + 4
const POLICIES: readonly Lagging[] = ['disconnect', 'drop', 'wait']

export function encodeSubscribe(message: Subscribe): Uint8Array {
  const bytes = new Uint8Array(SUBSCRIBE_HEAD + message.criteria.length)
  const view = viewOf(bytes)
  bytes[0] = Kind.Subscribe
  bytes.set(toBytes(message.proof), 1)
  bytes.set(toBytes(message.stream), 1 + ID)
  view.setBigUint64(1 + 2 * ID, BigInt(Math.floor(message.version)))
  view.setUint32(9 + 2 * ID, message.credit.items)
  view.setUint32(13 + 2 * ID, message.credit.bytes)
  bytes.set(message.criteria, SUBSCRIBE_HEAD)
  return bytes
}

/** Throws `ERR_PROTOCOL`. */
export function decodeSubscribe(bytes: Uint8Array): Subscribe {
  if (bytes[0] !== Kind.Subscribe) throw violation(`the first message is of kind ${bytes[0]}, not a subscribe (1)`)
  const criteria = bytes.length - SUBSCRIBE_HEAD
  if (criteria < 0 || criteria > MAX_CRITERIA_BYTES) throw violation(`a subscribe of ${bytes.length} bytes`)
  const view = viewOf(bytes)
  const version = view.getBigUint64(1 + 2 * ID)
  return {
    proof: idFromBytes(bytes.slice(1, 1 + ID)),
    stream: idFromBytes(bytes.slice(1 + ID, 1 + 2 * ID)),
    version: version > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : Number(version),
    credit: readCredit(view, 9 + 2 * ID),
    criteria: bytes.slice(SUBSCRIBE_HEAD),
  }
}

/** The producer's first message: subscribed, and what it does when the consumer lags. */
export function encodeStart(lagging: Lagging): Uint8Array {
  return Uint8Array.of(Kind.Start, POLICIES.indexOf(lagging))
}

/** Throws `ERR_PROTOCOL`. */
export function decodeStart(bytes: Uint8Array): Lagging {
  const policy = POLICIES[bytes[1] ?? POLICIES.length]
  if (bytes.length !== 2 || bytes[0] !== Kind.Start || policy === undefined) throw violation('the first message is no start')
  return policy
}

export function encodeCredit(credit: Credit): Uint8Array {
  const bytes = new Uint8Array(CREDIT_BYTES)
  const view = viewOf(bytes)
  bytes[0] = Kind.Credit
  view.setUint32(1, credit.items)
  view.setUint32(5, credit.bytes)
  return bytes
}

/** Throws `ERR_PROTOCOL`. */
export function decodeCredit(bytes: Uint8Array): Credit {
  if (bytes.length !== CREDIT_BYTES || bytes[0] !== Kind.Credit) throw violation('after its subscribe a consumer sends nothing but credit')
  return readCredit(viewOf(bytes), 1)
}

function readCredit(view: DataView, at: number): Credit {
  const items = view.getUint32(at)
  const bytes = view.getUint32(at + 4)
  if (items > MAX_CREDIT_ITEMS || bytes > WINDOW_BYTES) throw violation(`a credit of ${items} items and ${bytes} bytes`)
  return { items, bytes }
}

/*
 * After the start every message is the payload of one item, bare, so that a datum costs no envelope. An empty message
 * announces that the next one is a notice: how many items were dropped here, or 0 for an item of no bytes.
 */
export const ESCAPE: Uint8Array = new Uint8Array(0)
const NOTICE_BYTES = 8

export function encodeNotice(dropped: number): Uint8Array {
  const bytes = new Uint8Array(NOTICE_BYTES)
  viewOf(bytes).setBigUint64(0, BigInt(dropped))
  return bytes
}

/** How many items were dropped; 0 stands for an empty item. Throws `ERR_PROTOCOL`. */
export function decodeNotice(bytes: Uint8Array): number {
  if (bytes.length !== NOTICE_BYTES) throw violation(`a notice of ${bytes.length} bytes`)
  const dropped = viewOf(bytes).getBigUint64(0)
  if (dropped > Number.MAX_SAFE_INTEGER) throw violation('a notice of more drops than there can be')
  return Number(dropped)
}

export function violation(what: string): MosaikError {
  return new MosaikError('ERR_PROTOCOL', what)
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
