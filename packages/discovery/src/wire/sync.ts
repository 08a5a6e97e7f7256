import { canonical, decodeCanonical, ID_BYTES, idFromBytes, toBytes } from '@mosaik/core'
import type { UniqueId } from '@mosaik/core'
import { ABBREVIATED_DIGITS } from '../logic/delta.ts'
import type { SummaryItem, Wanted } from '../logic/delta.ts'
import { BUCKET_HASH_BYTES, BUCKETS } from '../logic/digest.ts'
import { KEY_DIGITS } from '../logic/statement.ts'
import { fromHex, toHex } from './hex.ts'
import { MAX_DEPARTED, MAX_FETCH, MAX_PEERS, PAGE_STATEMENTS } from './limits.ts'
import { asBytes, asFixed, asFlag, asList, asTime, malformed } from './shape.ts'
import { asWireStatement } from './statement.ts'
import type { WireStatement } from './statement.ts'

const KEY_BYTES = KEY_DIGITS / 2
const ABBREVIATED_BYTES = ABBREVIATED_DIGITS / 2
const TIME_BYTES = 8
const ITEM_BYTES = KEY_BYTES + 2 * TIME_BYTES + 2 * ABBREVIATED_BYTES
const WANTED_BYTES = KEY_BYTES + ABBREVIATED_BYTES
/** A catalog at its limits, and the own entry. */
const MAX_ITEMS = MAX_PEERS + MAX_DEPARTED + 1

export type SyncMessage =
  /** Opens a comparison: the own clock and the root of the own catalog. */
  | { readonly type: 'compare'; readonly now: number; readonly root: UniqueId }
  /** The answer: null when the roots are equal. */
  | { readonly type: 'buckets'; readonly now: number; readonly hashes: Uint8Array | null }
  /** What the opener holds in the buckets that differ. */
  | { readonly type: 'summary'; readonly differing: readonly number[]; readonly items: readonly SummaryItem[] }
  /** A page. The last one (`more` false) says what its sender wants in return. */
  | {
      readonly type: 'statements'
      readonly more: boolean
      readonly wanted: readonly Wanted[]
      readonly statements: readonly WireStatement[]
    }
  /** Opens a fetch of single peers' statements. */
  | { readonly type: 'fetch'; readonly wanted: readonly Wanted[] }

export function encodeSync(message: SyncMessage): Uint8Array {
  switch (message.type) {
    case 'compare':
      return canonical([0, message.now, toBytes(message.root)])
    case 'buckets':
      return canonical([1, message.now, message.hashes])
    case 'summary':
      return canonical([2, joinBuckets(message.differing), joinItems(message.items)])
    case 'statements':
      return canonical([3, message.more, joinWanted(message.wanted), message.statements.map((statement) => [...statement])])
    case 'fetch':
      return canonical([4, joinWanted(message.wanted)])
  }
}

/** Throws `ERR_PROTOCOL`. */
export function decodeSync(bytes: Uint8Array): SyncMessage {
  const [type, ...fields] = asList(decodeCanonical(bytes), 'sync message', 2, 4)
  switch (type) {
    case 0: {
      const [now, root] = asList(fields, 'compare', 2)
      return { type: 'compare', now: asTime(now, 'now'), root: idFromBytes(asFixed(root, 'root', ID_BYTES)) }
    }
    case 1: {
      const [now, hashes] = asList(fields, 'buckets', 2)
      return {
        type: 'buckets',
        now: asTime(now, 'now'),
        hashes: hashes === null ? null : asFixed(hashes, 'hashes', BUCKETS * BUCKET_HASH_BYTES),
      }
    }
    case 2: {
      const [differing, items] = asList(fields, 'summary', 2)
      return { type: 'summary', differing: splitBuckets(differing), items: splitItems(items) }
    }
    case 3: {
      const [more, wanted, statements] = asList(fields, 'statements', 3)
      return {
        type: 'statements',
        more: asFlag(more, 'more'),
        wanted: splitWanted(wanted, MAX_ITEMS),
        statements: asList(statements, 'statements', 0, PAGE_STATEMENTS).map(asWireStatement),
      }
    }
    case 4: {
      const [wanted] = asList(fields, 'fetch', 1)
      return { type: 'fetch', wanted: splitWanted(wanted, MAX_FETCH) }
    }
    default:
      throw malformed('sync message: unknown type')
  }
}

/** One bit per bucket, the first one in the highest bit of the first byte. */
function joinBuckets(differing: readonly number[]): Uint8Array {
  const bits = new Uint8Array(BUCKETS / 8)
  for (const bucket of differing) bits[bucket >> 3] = (bits[bucket >> 3] as number) | (0x80 >> (bucket & 7))
  return bits
}

function splitBuckets(value: unknown): number[] {
  const bits = asFixed(value, 'differing buckets', BUCKETS / 8)
  const differing: number[] = []
  for (let bucket = 0; bucket < BUCKETS; bucket++)
    if (((bits[bucket >> 3] as number) & (0x80 >> (bucket & 7))) !== 0) differing.push(bucket)
  return differing
}

/** Each item: key (16 bytes), startedAt, updatedAt (8 bytes each, big-endian), statement id and details digest (first 8 bytes each). */
function joinItems(items: readonly SummaryItem[]): Uint8Array {
  const bytes = new Uint8Array(items.length * ITEM_BYTES)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const item of items) {
    bytes.set(fromHex(item.key + '00'.repeat(2 * TIME_BYTES) + item.id + item.details), at)
    view.setBigUint64(at + KEY_BYTES, BigInt(item.startedAt))
    view.setBigUint64(at + KEY_BYTES + TIME_BYTES, BigInt(item.updatedAt))
    at += ITEM_BYTES
  }
  return bytes
}

function splitItems(value: unknown): SummaryItem[] {
  const bytes = asBytes(value, 'summary items', MAX_ITEMS * ITEM_BYTES, ITEM_BYTES)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const items: SummaryItem[] = []
  for (let at = 0; at < bytes.length; at += ITEM_BYTES) {
    const times = at + KEY_BYTES
    const rest = times + 2 * TIME_BYTES
    items.push({
      key: toHex(bytes.subarray(at, times)),
      startedAt: asTime(Number(view.getBigUint64(times)), 'startedAt'),
      updatedAt: asTime(Number(view.getBigUint64(times + TIME_BYTES)), 'updatedAt'),
      id: toHex(bytes.subarray(rest, rest + ABBREVIATED_BYTES)),
      details: toHex(bytes.subarray(rest + ABBREVIATED_BYTES, at + ITEM_BYTES)),
    })
  }
  return items
}

/** Each: key (16 bytes), first 8 bytes of the digest of the details that are here already. */
function joinWanted(wanted: readonly Wanted[]): Uint8Array {
  return fromHex(wanted.map(({ key, details }) => key + details).join(''))
}

function splitWanted(value: unknown, max: number): Wanted[] {
  const bytes = asBytes(value, 'wanted', max * WANTED_BYTES, WANTED_BYTES)
  const wanted: Wanted[] = []
  for (let at = 0; at < bytes.length; at += WANTED_BYTES) {
    wanted.push({ key: toHex(bytes.subarray(at, at + KEY_BYTES)), details: toHex(bytes.subarray(at + KEY_BYTES, at + WANTED_BYTES)) })
  }
  return wanted
}
