import { canonical, decodeCanonical } from '@mosaik/core'
import type { CanonicalValue } from '@mosaik/core'
import type { Element } from './element.ts'
import { invalid } from './invalid.ts'
import { numberOfText, numberText } from './order.ts'
import { bytesOfLatin1, latin1, utf8Latin1, utf8OfLatin1 } from './text.ts'

// The text of a key: what trees are ordered by and compare. Each character is one byte (latin1), so that the order of texts is the
// order of the bytes in a snapshot, on every member.
const TEXT = 't'
const NUMBER = 'n'
const OTHER = 'c'

/** Equal exactly for keys that are the same data. Throws `ERR_INVALID_DATUM` for NaN, and for what is no data. */
export function keyText(key: CanonicalValue): string {
  if (typeof key === 'string') return TEXT + utf8Latin1(key)
  if (typeof key === 'number') return NUMBER + numberText(key)
  return OTHER + latin1(canonical(key))
}

/** The key of a text that `keyText` has made. Throws for others: `ERR_INVALID_DATUM`, `ERR_PROTOCOL`. */
export function keyOfText(text: string): CanonicalValue {
  switch (text[0]) {
    case TEXT:
      return utf8OfLatin1(text.slice(1))
    case NUMBER:
      return numberOfText(text.slice(1))
    case OTHER:
      return decodeCanonical(bytesOfLatin1(text.slice(1)))
    default:
      throw invalid('what was sent is no key', text)
  }
}

/** For reads: undefined for what cannot be a key, which is in no collection. */
export function findKeyText<K>(element: Element<K>, key: K): string | undefined {
  try {
    return keyText(element.dataOf(key))
  } catch {
    return undefined
  }
}
