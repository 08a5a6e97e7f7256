import { invalid } from './invalid.ts'

const BEYOND_ASCII = /[^\0-\x7f]/
/** Shorter texts are gone through letter by letter: to call something for them would cost more. */
const SHORT = 24

/** A byte per character. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

export function bytesOfLatin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

/** A byte, and one for each character. */
export function bytesBehind(first: number, text: string): Uint8Array {
  const { length } = text
  const bytes = Buffer.allocUnsafe(length + 1)
  bytes[0] = first
  if (length > SHORT) bytes.write(text, 1, 'latin1')
  else for (let i = 0; i < length; i++) bytes[i + 1] = text.charCodeAt(i)
  return bytes
}

/** The UTF-8 bytes of a text, as characters. What is ASCII stays what it is. Throws `ERR_INVALID_DATUM` for lone surrogates. */
export function utf8Latin1(text: string): string {
  if (isAscii(text)) return text
  if (!text.isWellFormed()) throw invalid('its text has a lone surrogate', text)
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** The text of UTF-8 bytes as characters. Throws `ERR_INVALID_DATUM` for what is none. */
export function utf8OfLatin1(text: string): string {
  if (isAscii(text)) return text
  const found = Buffer.from(text, 'latin1').toString('utf8')
  if (utf8Latin1(found) !== text) throw invalid('what was sent is no UTF-8', text)
  return found
}

function isAscii(text: string): boolean {
  if (text.length > SHORT) return !BEYOND_ASCII.test(text)
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}
