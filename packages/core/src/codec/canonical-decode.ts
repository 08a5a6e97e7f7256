import { MosaikError } from '../check/error.ts'
import { CANONICAL_BIGINT_BYTES, CANONICAL_DEPTH } from './canonical-encode.ts'
import type { CanonicalValue } from './canonical-encode.ts'
import { dateOfSeconds } from './dates.ts'
import { typedArrayOf } from './typed-arrays.ts'

export interface CanonicalLimits {
  /** Values inside each other, default 32. */
  readonly depth?: number
}

const TAG_DATE = 1
const TAG_POSITIVE = 2
const TAG_NEGATIVE = 3
const TAG_SET = 258
const TAG_MAP = 259
/** V8 puts longer texts together as ropes, which are slow to make, to compare and to keep. */
const SHORT_TEXT = 12
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The value of canonical bytes, strictly: what `canonical` would not have written (longer heads, unsorted or repeated
 * keys, open-ended lengths, other tags, bytes after the value) throws `ERR_PROTOCOL`, in time and memory bounded
 * by the length of the bytes. So equal values have equal bytes also when somebody else wrote them.
 *
 * Objects are plain and never have a property `__proto__`; byte strings are copies.
 */
export function decodeCanonical(bytes: Uint8Array, limits: CanonicalLimits = {}): CanonicalValue {
  const reader = new Reader(bytes, limits.depth ?? CANONICAL_DEPTH)
  const value = reader.value(0)
  if (reader.position !== bytes.length) refuse(`${bytes.length - reader.position} bytes after the value`)
  return value
}

class Reader {
  position = 0
  readonly #bytes: Uint8Array
  readonly #depth: number
  /** Made when it is needed: most values have neither floats nor long heads. */
  #lazyView: DataView | undefined

  constructor(bytes: Uint8Array, depth: number) {
    this.#bytes = bytes
    this.#depth = depth
  }

  get #view(): DataView {
    const { buffer, byteOffset, byteLength } = this.#bytes
    return (this.#lazyView ??= new DataView(buffer, byteOffset, byteLength))
  }

  value(depth: number): CanonicalValue {
    this.#need(1)
    const initial = this.#bytes[this.position++] as number
    const major = initial >> 5
    if (major === 7) return this.#simple(initial)
    const argument = this.#argument(initial & 31)
    if (major <= 1) return integer(major, argument)
    if (typeof argument === 'bigint') return refuse('a length beyond the end')
    if (major === 2) return new Uint8Array(this.#take(argument)) // a slice of a Buffer would be no copy
    if (major === 3) return this.#text(argument)
    if (depth >= this.#depth) return refuse(`nested deeper than ${this.#depth}`)
    if (major === 4) return this.#array(argument, depth + 1)
    return major === 5 ? this.#record(argument, depth + 1) : this.#tagged(argument, depth)
  }

  /** The number in a head, refused when fewer bytes would do. A bigint beyond 2⁵³ − 1. */
  #argument(info: number): number | bigint {
    if (info < 24) return info
    if (info > 27) return refuse('an open-ended or reserved length')
    const size = 1 << (info - 24)
    this.#need(size)
    const at = this.position
    this.position += size
    if (size === 8) {
      const value = this.#view.getBigUint64(at)
      if (value < 0x1_0000_0000n) return refuse('a head longer than needed')
      return value <= MAX_SAFE ? Number(value) : value
    }
    const value = size === 1 ? (this.#bytes[at] as number) : size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at)
    const least = size === 1 ? 24 : size === 2 ? 0x100 : 0x10000
    return value >= least ? value : refuse('a head longer than needed')
  }

  #simple(initial: number): null | boolean | number {
    if (initial === 0xf4) return false
    if (initial === 0xf5) return true
    if (initial === 0xf6) return null
    const at = this.position
    if (initial === 0xf9) {
      this.#take(2)
      const value = this.#view.getFloat16(at)
      return floatOf(value, !Number.isNaN(value) || this.#view.getUint16(at) === 0x7e00)
    }
    if (initial === 0xfa) {
      this.#take(4)
      const value = this.#view.getFloat32(at)
      return floatOf(value, Math.f16round(value) !== value && !Number.isNaN(value))
    }
    if (initial === 0xfb) {
      this.#take(8)
      const value = this.#view.getFloat64(at)
      return floatOf(value, Math.fround(value) !== value && !Number.isNaN(value))
    }
    return refuse(`the simple value 0x${initial.toString(16)}`)
  }

  #text(length: number): string {
    this.#need(length)
    const start = this.position
    const end = (this.position += length)
    if (length <= SHORT_TEXT) {
      // Most keys are a few ASCII characters, which a decoder takes longer to set up for than to read.
      let text = ''
      let at = start
      for (; at < end && (this.#bytes[at] as number) < 0x80; at++) text += String.fromCharCode(this.#bytes[at] as number)
      if (at === end) return text
    }
    try {
      return utf8.decode(this.#bytes.subarray(start, end))
    } catch {
      return refuse('text that is not UTF-8')
    }
  }

  #array(length: number, depth: number): CanonicalValue[] {
    this.#need(length)
    const items: CanonicalValue[] = []
    for (let i = 0; i < length; i++) items.push(this.value(depth))
    return items
  }

  #record(length: number, depth: number): Record<string, CanonicalValue> {
    this.#need(2 * length)
    const record: Record<string, CanonicalValue> = {}
    this.#sorted(
      length,
      (key) => {
        if (typeof key !== 'string') return refuse('an object key that is not text')
        if (key === '__proto__') return refuse('a property called __proto__')
        record[key] = this.value(depth)
      },
      depth,
    )
    return record
  }

  #tagged(tag: number, depth: number): CanonicalValue {
    if (tag === TAG_POSITIVE || tag === TAG_NEGATIVE) return this.#bigInteger(tag)
    if (tag === TAG_DATE) {
      const seconds = this.value(depth + 1)
      return (typeof seconds === 'number' ? dateOfSeconds(seconds) : undefined) ?? refuse('a date of no whole millisecond (tag 1)')
    }
    this.#need(1)
    const initial = this.#bytes[this.position++] as number
    const length = this.#argument(initial & 31)
    if (typeof length === 'bigint') return refuse('a length beyond the end')
    if (initial >> 5 === 2) return typedArrayOf(tag, this.#take(length)) ?? refuse(`tag ${tag}`)
    if (tag === TAG_SET && initial >> 5 === 4) {
      this.#need(length)
      const set = new Set<CanonicalValue>()
      this.#sorted(length, (element) => void set.add(element), depth + 1)
      return set
    }
    if (tag === TAG_MAP && initial >> 5 === 5) {
      this.#need(2 * length)
      const map = new Map<CanonicalValue, CanonicalValue>()
      this.#sorted(length, (key) => void map.set(key, this.value(depth + 1)), depth + 1)
      return map
    }
    return refuse(`tag ${tag}`)
  }

  /** Reads `length` keys (or elements), each handed to `use`, which reads what follows it; their bytes must ascend. */
  #sorted(length: number, use: (key: CanonicalValue) => void, depth: number): void {
    let [previousStart, previousEnd] = [this.position, this.position]
    for (let i = 0; i < length; i++) {
      const start = this.position
      const key = this.value(depth)
      if (i > 0 && !this.#ascends(previousStart, previousEnd, start)) refuse('keys out of order or repeated')
      previousStart = start
      previousEnd = this.position
      use(key)
    }
  }

  /** Whether the bytes from `start` to the position come after those of the key before, which is never their prefix. */
  #ascends(previousStart: number, previousEnd: number, start: number): boolean {
    for (let i = 0; previousStart + i < previousEnd && start + i < this.position; i++) {
      const difference = (this.#bytes[start + i] as number) - (this.#bytes[previousStart + i] as number)
      if (difference !== 0) return difference > 0
    }
    return false
  }

  #bigInteger(tag: number): bigint {
    this.#need(1)
    const initial = this.#bytes[this.position++] as number
    const length = initial >> 5 === 2 ? this.#argument(initial & 31) : refuse('a big integer that is no byte string')
    if (length > CANONICAL_BIGINT_BYTES) return refuse(`a big integer of more than ${CANONICAL_BIGINT_BYTES} bytes`)
    const bytes = this.#take(Number(length))
    if (bytes[0] === 0) return refuse('a big integer with leading zeros')
    const magnitude = bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
    const value = tag === TAG_POSITIVE ? magnitude : -1n - magnitude
    const unsafe = value > MAX_SAFE || value < -MAX_SAFE
    return unsafe && bytes.length <= 8 ? refuse('a big integer that fits 64 bits') : value
  }

  #take(length: number): Uint8Array {
    this.#need(length)
    const start = this.position
    this.position += length
    return this.#bytes.subarray(start, this.position)
  }

  #need(count: number): void {
    if (count > this.#bytes.length - this.position) refuse('a length beyond the end')
  }
}

function integer(major: number, argument: number | bigint): number | bigint {
  if (typeof argument === 'bigint') return major === 0 ? argument : -1n - argument
  // -2⁵³ has the argument 2⁵³ − 1, yet is no safe integer: a bigint like everything beyond.
  if (argument === Number.MAX_SAFE_INTEGER && major === 1) return -1n - BigInt(argument)
  return major === 0 ? argument : -1 - argument
}

function floatOf(value: number, shortest: boolean): number {
  if (!shortest) return refuse('a float longer than needed')
  return Number.isSafeInteger(value) ? refuse('an integer written as a float') : value
}

function refuse(reason: string): never {
  throw new MosaikError('ERR_PROTOCOL', `not canonical: ${reason}`)
}
