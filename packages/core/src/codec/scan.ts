/** What makes CBOR from others safe to decode. */
export interface ScanLimits {
  /** Arrays, maps and tags inside each other. */
  readonly depth: number
}

const MAX_BIGINT_BYTES = 64
const INDEFINITE = -1

/** Tags of typed arrays (RFC 8746), without the floats of 16 and 128 bits. */
const TYPED_ARRAYS = new Set([64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 77, 78, 79, 81, 82, 85, 86])

/**
 * Why a tag before this byte is not plain data, or undefined when it is: dates, big integers, typed arrays, sets and
 * maps. Others could make cbor-x build cyclic values, functions or definitions.
 */
function tagFault(tag: number, bytes: Uint8Array, position: number): string | undefined {
  const head = bytes[position] ?? 0xff
  if (tag === 2 || tag === 3) {
    const size = head >= 0x40 && head <= 0x57 ? head - 0x40 : head === 0x58 ? (bytes[position + 1] ?? 0) : Number.POSITIVE_INFINITY
    return size <= MAX_BIGINT_BYTES ? undefined : `a big integer of more than ${MAX_BIGINT_BYTES} bytes, or of none`
  }
  return isPlainTag(tag, head >> 5) ? undefined : `tag ${tag}`
}

function isPlainTag(tag: number, major: number): boolean {
  switch (tag) {
    case 0: // a date as text
      return major === 3
    case 1: // a date as a number
      return major <= 1 || major === 7
    case 258: // a set
      return major === 4
    case 259: // a map
      return major === 5
    default:
      return major === 2 && TYPED_ARRAYS.has(tag)
  }
}

/**
 * Why these bytes are not exactly one well-formed, bounded CBOR item, or undefined when they are. One pass, no
 * recursion, nothing allocated but the open containers: cheap enough to stand before every decode.
 */
export function scanCbor(bytes: Uint8Array, limits: ScanLimits): string | undefined {
  const length = bytes.length
  const open: number[] = [] // items that each open container still needs
  let position = 0
  let needed = 1

  for (;;) {
    while (needed === 0) {
      const outer = open.pop()
      if (outer === undefined) return position === length ? undefined : `${length - position} bytes after the value`
      needed = outer
    }
    if (position >= length) return 'it ends early'
    const initial = bytes[position++] as number
    const major = initial >> 5
    let argument = initial & 31

    if (argument >= 24) {
      if (argument < 28) {
        const size = 1 << (argument - 24)
        if (position + size > length) return 'it ends early'
        argument = 0
        for (const end = position + size; position < end; position++) argument = argument * 256 + (bytes[position] as number)
      } else if (argument !== 31) {
        return 'a reserved length'
      } else if (major === 7) {
        if (needed !== INDEFINITE) return 'a break outside of an open-ended value'
        needed = 0
        continue
      } else if (major === 4) {
        argument = INDEFINITE
      } else {
        return 'an open-ended value that is no array'
      }
    } else if (major === 7 && (argument < 20 || argument > 23)) {
      return 'an unassigned simple value'
    }
    if (needed > 0) needed--

    if (major === 2 || major === 3) {
      if (argument > length - position) return 'it ends early'
      position += argument
    } else if (major >= 4 && major <= 6) {
      if (open.length >= limits.depth) return `nested deeper than ${limits.depth}`
      if (major === 6) {
        const fault = tagFault(argument, bytes, position)
        if (fault !== undefined) return fault
        argument = 1
      } else if (major === 5) {
        argument *= 2
      }
      if (argument > length - position) return 'it ends early'
      open.push(needed)
      needed = argument
    } else if (major === 7 && (initial & 31) === 24 && argument < 32) {
      return 'a malformed simple value'
    }
  }
}
