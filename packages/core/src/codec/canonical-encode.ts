import { MosaikError } from '../check/error.ts'
import { compareBytes } from '../id/unique-id.ts'
import { ByteWriter } from './byte-writer.ts'
import { timeOf } from './dates.ts'
import { typedArrayBytes, typedArrayTag } from './typed-arrays.ts'
import type { TypedArray } from './typed-arrays.ts'

/**
 * What has canonical bytes. Two values have the same bytes exactly when they are the same data: `1` and `1n`, or an
 * object and a Map, are not; `0` and `-0` are. There is no `undefined`, neither alone nor as a property.
 */
export type CanonicalValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | TypedArray
  | Date
  | readonly CanonicalValue[]
  | ReadonlySet<CanonicalValue>
  | ReadonlyMap<CanonicalValue, CanonicalValue>
  | { readonly [key: string]: CanonicalValue }

/** Values inside each other that canonical bytes may have. */
export const CANONICAL_DEPTH: number = 32
/** Bytes of the largest canonical bigint. */
export const CANONICAL_BIGINT_BYTES: number = 64

const TAG_DATE = 1
const TAG_SET = 258
const TAG_MAP = 259
const UINT64_END = 1n << 64n
const BEYOND_ASCII = /[^\0-\x7f]/

let pooled: ByteWriter | undefined = new ByteWriter()

/**
 * Deterministic CBOR (RFC 8949 §4.2.1): shortest heads, map keys sorted by their encoded bytes, floats in the shortest
 * form that keeps the value. Safe integers are CBOR integers; bigints are CBOR integers beyond ±(2⁵³ − 1), else (and
 * beyond 64 bits) big integers (tags 2, 3), so that the two never meet. Sets have tag 258, Maps tag 259, Dates tag 1 with
 * their seconds, typed arrays those of RFC 8746, little end first.
 *
 * For what is hashed, signed or compared. Throws `ERR_INVALID_DATUM` for anything else, naming where it stands.
 */
export function canonical(value: CanonicalValue): Uint8Array {
  // One buffer for all calls; a getter that calls back finds none and makes its own.
  const writer = pooled ?? new ByteWriter()
  pooled = undefined
  try {
    write(writer, value, 0, value)
    return writer.finish()
  } finally {
    writer.reset()
    pooled = writer
  }
}

function write(out: ByteWriter, value: unknown, depth: number, root: unknown): void {
  switch (typeof value) {
    case 'string':
      return writeText(out, value, root)
    case 'number':
      return Number.isSafeInteger(value) ? writeInteger(out, value) : out.float(value)
    case 'boolean':
      return out.byte(value ? 0xf5 : 0xf4)
    case 'bigint':
      return writeBigInt(out, value, root)
    case 'object':
      if (value === null) return out.byte(0xf6)
      if (depth >= CANONICAL_DEPTH) return refuse(`it is nested deeper than ${CANONICAL_DEPTH} (or contains itself)`, root)
      return writeObject(out, value, depth + 1, root)
    default:
      return refuse(`${typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`} has no canonical form`, root)
  }
}

function writeObject(out: ByteWriter, value: object, depth: number, root: unknown): void {
  if (Array.isArray(value)) {
    out.head(4, value.length)
    for (let i = 0; i < value.length; i++) write(out, value[i], depth, root)
    return
  }
  if (value instanceof Uint8Array) {
    out.head(2, value.length)
    return out.bytes(value)
  }
  if (value instanceof Map) return writeMap(out, value, depth, root)
  if (value instanceof Set) return writeSet(out, value, depth, root)
  const time = timeOf(value)
  if (time !== undefined) return writeDate(out, time, root)
  const tag = typedArrayTag(value)
  if (tag !== undefined) return writeTypedArray(out, tag, value as TypedArray)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return refuse(`a ${nameOf(value)} has no canonical form`, root)
  writeRecord(out, value as Record<string, unknown>, depth, root)
}

function writeRecord(out: ByteWriter, value: Record<string, unknown>, depth: number, root: unknown): void {
  const keys = Object.keys(value)
  if (keys.some((key) => BEYOND_ASCII.test(key))) {
    const encoded = keys.map((key) => ({ key, bytes: alone(key, depth, root) }))
    encoded.sort((a, b) => compareBytes(a.bytes, b.bytes))
    for (let i = 0; i < keys.length; i++) keys[i] = (encoded[i] as { key: string }).key
  } else {
    keys.sort((a, b) => a.length - b.length || (a < b ? -1 : 1)) // heads grow with the length, ASCII orders as its bytes do
  }
  out.head(5, keys.length)
  for (const key of keys) {
    if (key === '__proto__') return refuse('a property may not be called __proto__', root)
    const property = value[key]
    if (property === undefined) return refuse(`the property ${JSON.stringify(key)} is undefined; leave it out`, root)
    writeText(out, key, root)
    write(out, property, depth, root)
  }
}

function writeMap(out: ByteWriter, map: ReadonlyMap<unknown, unknown>, depth: number, root: unknown): void {
  const entries = Array.from(map, ([key, value]) => ({ key: alone(key, depth, root), value }))
  entries.sort((a, b) => compareBytes(a.key, b.key))
  requireDistinct(
    entries.map(({ key }) => key),
    'keys of a Map',
    root,
  )
  out.head(6, TAG_MAP)
  out.head(5, entries.length)
  for (const { key, value } of entries) {
    out.bytes(key)
    write(out, value, depth, root)
  }
}

function writeSet(out: ByteWriter, set: ReadonlySet<unknown>, depth: number, root: unknown): void {
  const elements = Array.from(set, (element) => alone(element, depth, root)).sort(compareBytes)
  requireDistinct(elements, 'elements of a Set', root)
  out.head(6, TAG_SET)
  out.head(4, elements.length)
  for (const element of elements) out.bytes(element)
}

function writeDate(out: ByteWriter, time: number, root: unknown): void {
  if (Number.isNaN(time)) return refuse('a Date is invalid', root)
  const seconds = time / 1000
  out.head(6, TAG_DATE)
  if (Number.isSafeInteger(seconds)) writeInteger(out, seconds)
  else out.float(seconds)
}

function writeTypedArray(out: ByteWriter, tag: number, value: TypedArray): void {
  const bytes = typedArrayBytes(value)
  out.head(6, tag)
  out.head(2, bytes.length)
  out.bytes(bytes)
}

/** The bytes of one key or element, which must be known before its place is. */
function alone(value: unknown, depth: number, root: unknown): Uint8Array {
  const writer = new ByteWriter()
  write(writer, value, depth, root)
  return writer.finish()
}

function requireDistinct(sorted: readonly Uint8Array[], what: string, root: unknown): void {
  for (let i = 1; i < sorted.length; i++) {
    if (compareBytes(sorted[i - 1] as Uint8Array, sorted[i] as Uint8Array) === 0) refuse(`two ${what} are equal by value`, root)
  }
}

function writeText(out: ByteWriter, text: string, root: unknown): void {
  if (!text.isWellFormed()) return refuse('its text has a lone surrogate', root)
  out.text(text)
}

function writeInteger(out: ByteWriter, value: number): void {
  if (value >= 0) out.head(0, value)
  else out.head(1, -1 - value)
}

function writeBigInt(out: ByteWriter, value: bigint, root: unknown): void {
  const magnitude = value < 0n ? -1n - value : value
  const major = value < 0n ? 1 : 0
  const safe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
  if (!safe && magnitude < UINT64_END) return out.head64(major, magnitude)
  let hex = magnitude === 0n ? '' : magnitude.toString(16)
  if (hex.length % 2 === 1) hex = `0${hex}`
  const bytes = Buffer.from(hex, 'hex')
  if (bytes.length > CANONICAL_BIGINT_BYTES) return refuse(`a bigint has more than ${CANONICAL_BIGINT_BYTES} bytes`, root)
  out.byte(0xc2 + major)
  out.head(2, bytes.length)
  out.bytes(bytes)
}

function nameOf(value: object): string {
  const name: unknown = value.constructor?.name
  return typeof name === 'string' && name !== '' ? name : 'value with a prototype of its own'
}

function refuse(reason: string, datum: unknown): never {
  throw new MosaikError('ERR_INVALID_DATUM', `no canonical bytes: ${reason}`, { datum })
}
