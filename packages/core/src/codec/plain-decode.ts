const MAX_DEPTH = 64
/** Texts up to this length are looked up before they are made: names of fields come again and again, and many values do. */
const SHORT_TEXT = 12
/** A power of two. */
const KNOWN_TEXTS = 512
/** Larger memory is let go of at once, and not when the next value is read. */
const MAX_KEPT_BYTES = 256 * 1024

/** What `decodePlain` answers for bytes that are not for it, or are malformed. */
export const OTHER: unique symbol = Symbol('other')

// The memory that was read last, whole: frames lie behind each other in large chunks, and every view on them costs.
const NO_MEMORY = new ArrayBuffer(0)
let memory: ArrayBufferLike = NO_MEMORY
let source: Uint8Array = new Uint8Array(NO_MEMORY)
let letters: Buffer = Buffer.from(NO_MEMORY)
let view: DataView = new DataView(NO_MEMORY)
let at = 0
let end = 0
let depth = 0
const known: string[] = new Array<string>(KNOWN_TEXTS).fill('')

/**
 * The value of these bytes when they are exactly one item of what `encodePlain` writes; `OTHER` for any other bytes, which the
 * general decoder takes or refuses. Every length is checked against what is there before anything is made, and no name is special.
 */
export function decodePlain(bytes: Uint8Array): unknown {
  if (bytes.buffer !== memory) look(bytes.buffer)
  at = bytes.byteOffset
  end = at + bytes.length
  depth = 0
  const value = item()
  const isWhole = at === end
  if (memory.byteLength > MAX_KEPT_BYTES) look(NO_MEMORY)
  return isWhole ? value : OTHER
}

function look(buffer: ArrayBufferLike): void {
  memory = buffer
  source = new Uint8Array(buffer)
  letters = Buffer.from(buffer as ArrayBuffer)
  view = new DataView(buffer)
}

function item(): unknown {
  if (at >= end) return OTHER
  const initial = source[at++] as number
  if (initial >= 0xe0) return simple(initial)
  const length = argument(initial & 31)
  switch (initial >> 5) {
    case 0:
      return length < 0 ? OTHER : length
    case 1:
      return length < 0 ? OTHER : -1 - length
    case 2:
      return byteString(length)
    case 3:
      return text(length)
    case 4:
      return array(length)
    case 5:
      return object(length)
    default:
      return OTHER
  }
}

/** The number that a head carries, up to 32 bits; -1 for any other head. */
function argument(low: number): number {
  if (low < 24) return low
  const start = at
  at += low === 24 ? 1 : low === 25 ? 2 : 4
  if (low > 26 || at > end) return -1
  return low === 24 ? (source[start] as number) : low === 25 ? view.getUint16(start) : view.getUint32(start)
}

function simple(initial: number): unknown {
  switch (initial) {
    case 0xf4:
      return false
    case 0xf5:
      return true
    case 0xf6:
      return null
    case 0xf7:
      return undefined
    case 0xfb:
      at += 8
      return at > end ? OTHER : view.getFloat64(at - 8)
    default:
      return OTHER
  }
}

function byteString(length: number): unknown {
  if (length < 0 || length > end - at) return OTHER
  at += length
  return source.slice(at - length, at)
}

function text(length: number): string | typeof OTHER {
  if (length < 0 || length > end - at) return OTHER
  const start = at
  at += length
  return length > SHORT_TEXT || length === 0 ? letters.toString('utf8', start, at) : shortText(start, length)
}

function shortText(start: number, length: number): string {
  const slot =
    (length + (source[start] as number) * 5 + (source[start + (length >> 1)] as number) * 17 + (source[at - 1] as number) * 31) &
    (KNOWN_TEXTS - 1)
  const candidate = known[slot] as string
  if (candidate.length === length) {
    let i = 0
    while (i < length && candidate.charCodeAt(i) === source[start + i]) i++
    if (i === length) return candidate
  }
  let made = ''
  for (let i = start; i < at; i++) {
    const letter = source[i] as number
    // Only plain letters are as many as their bytes, and equal to them.
    if (letter > 127) return letters.toString('utf8', start, at)
    made += String.fromCharCode(letter)
  }
  known[slot] = made
  return made
}

function array(length: number): unknown {
  if (length < 0 || length > end - at || ++depth > MAX_DEPTH) return OTHER
  const items: unknown[] = []
  for (let i = 0; i < length; i++) {
    const value = item()
    if (value === OTHER) return OTHER
    items.push(value)
  }
  depth--
  return items
}

function object(length: number): unknown {
  if (length < 0 || length * 2 > end - at || ++depth > MAX_DEPTH) return OTHER
  const fields: Record<string, unknown> = {}
  for (let i = 0; i < length; i++) {
    const head = source[at] as number
    if (at >= end || head >> 5 !== 3) return OTHER
    at++
    const name = text(argument(head & 31))
    if (name === OTHER || name === '__proto__') return OTHER
    const value = item()
    if (value === OTHER) return OTHER
    fields[name] = value
  }
  depth--
  return fields
}
