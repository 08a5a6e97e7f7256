import { canonical, decodeCanonical } from '@mosaik/core'
import type { CanonicalValue } from '@mosaik/core'
import type { Element } from './element.ts'
import { invalid } from './invalid.ts'
import { numberOfText, numberText } from './order.ts'
import { bytesBehind, bytesOfLatin1, latin1, utf8Latin1, utf8OfLatin1 } from './text.ts'

// The text of a key: what trees are ordered by and compare. Each character is one byte (latin1). Its bytes in a snapshot begin with a
// letter that says what it is, and order as the texts do. A text is its own, since putting a letter in front of each would cost as much as
// finding it; so everything else has a mark in front of the letter, which is below all texts but those that begin like it.
const TEXT = 't'
const NUMBER = 'n'
const OTHER = 'c'
const MARK = '\0'
const TEXT_BYTE = 0x74
const MARK_BYTE = 0
const OTHER_HEAD = bytesOfLatin1(MARK + OTHER)
/** No byte of UTF-8 is as high. */
const ABOVE = '\xff'

/** Equal exactly for keys that are the same data. Throws `ERR_INVALID_DATUM` for NaN, and for what is no data. */
export function keyText(key: CanonicalValue): string {
  if (typeof key === 'string') return isPlain(key) ? utf8Latin1(key) : MARK + TEXT + utf8Latin1(key)
  if (typeof key === 'number') return MARK + NUMBER + numberText(key)
  return latin1(Buffer.concat([OTHER_HEAD, canonical(key)])) // texts that were put together are slow to compare
}

/** The key of a text that `keyText` has made. Throws for others: `ERR_INVALID_DATUM`, `ERR_PROTOCOL`. */
export function keyOfText(text: string): CanonicalValue {
  if (isPlain(text)) return utf8OfLatin1(text)
  switch (text[1]) {
    case TEXT:
      return utf8OfLatin1(text.slice(2))
    case NUMBER:
      return numberOfText(text.slice(2))
    case OTHER:
      return decodeCanonical(bytesOfLatin1(text.slice(2)))
    default:
      throw invalid('what was sent is no key', text)
  }
}

/** The key of an item. */
export function bytesOfKeyText(text: string): Uint8Array {
  return isPlain(text) ? bytesBehind(TEXT_BYTE, text) : bytesOfLatin1(text.slice(1))
}

/** The text that orders as these bytes do among those of all keys; of the key of an item, its own. */
export function keyTextOfBytes(bytes: Uint8Array): string {
  const [letter = MARK_BYTE, next = MARK_BYTE] = bytes
  if (letter > TEXT_BYTE) return ABOVE
  return letter === TEXT_BYTE && next !== MARK_BYTE ? latin1(bytes.subarray(1)) : MARK + latin1(bytes)
}

/** For reads: undefined for what cannot be a key, which is in no collection. */
export function findKeyText<K>(element: Element<K>, key: K): string | undefined {
  try {
    return keyText(element.dataOf(key))
  } catch {
    return undefined
  }
}

/** Of a text that stands for itself. */
function isPlain(text: string): boolean {
  return text.charCodeAt(0) > MARK_BYTE // not a number where there is none
}
