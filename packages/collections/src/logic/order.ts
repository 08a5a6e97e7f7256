import { invalid } from './invalid.ts'
import { latin1, utf8Latin1 } from './text.ts'

// Texts (a byte per character) that order as what they stand for, and of which none begins with another: so what is appended to them
// orders what is equal.

const NUMBER = 'n'
const BIGINT = 'i'
const TEXT = 't'
const NUMBER_LENGTH = 8
const SIGN = 0x8000_0000
/** Largest magnitude: as much as canonical bytes have. */
const MAX_BIGINT_BYTES = 64
const END = '\0'
const ESCAPED = '\0\xff'

const view = new DataView(new ArrayBuffer(NUMBER_LENGTH))

/** What has an order: bigints before numbers before text, by UTF-8 bytes. */
export type Priority = number | bigint | string

/** Eight characters that order as the number does; -0 is 0. Throws `ERR_INVALID_DATUM` for NaN. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) throw invalid('NaN has no order and is equal to nothing, so it is no key and no priority', value)
  view.setFloat64(0, value === 0 ? 0 : value)
  const high = view.getInt32(0)
  const low = view.getUint32(4)
  // Positive numbers order as their bits do, above the negative ones, whose bits are turned over.
  const [a, b] = high < 0 ? [~high, ~low] : [high ^ SIGN, low]
  return String.fromCharCode(a >>> 24, (a >> 16) & 255, (a >> 8) & 255, a & 255, b >>> 24, (b >> 16) & 255, (b >> 8) & 255, b & 255)
}

export function numberOfText(text: string): number {
  if (text.length !== NUMBER_LENGTH) throw invalid('what was sent is no number', text)
  for (let i = 0; i < NUMBER_LENGTH; i++) view.setUint8(i, text.charCodeAt(i))
  const high = view.getInt32(0)
  if (high < 0) {
    view.setInt32(0, high ^ SIGN)
  } else {
    view.setInt32(0, ~high)
    view.setInt32(4, ~view.getInt32(4))
  }
  const value = view.getFloat64(0)
  if (Number.isNaN(value)) throw invalid('what was sent is no number', text)
  return value
}

/** Throws `ERR_INVALID_DATUM` for what has no order. */
export function priorityText(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return NUMBER + numberText(value)
    case 'bigint':
      return BIGINT + bigintText(value)
    case 'string':
      return TEXT + utf8Latin1(value).replaceAll(END, ESCAPED) + END
    default:
      throw invalid('a priority is a number, a bigint or text', value)
  }
}

/** Behind everything that begins with the text of a priority, and before that of any higher one. */
export function afterPriority(value: unknown): string {
  return `${priorityText(value)}\xff`
}

/** A sign with the length, then the bytes; those of negative ones turned over. */
function bigintText(value: bigint): string {
  const isNegative = value < 0n
  const magnitude = isNegative ? -1n - value : value
  let hex = magnitude === 0n ? '' : magnitude.toString(16)
  if (hex.length % 2 === 1) hex = `0${hex}`
  const bytes = Buffer.from(hex, 'hex')
  if (bytes.length > MAX_BIGINT_BYTES) throw invalid(`a bigint has more than ${MAX_BIGINT_BYTES} bytes`, value)
  if (isNegative) for (let i = 0; i < bytes.length; i++) bytes[i] = 255 - (bytes[i] as number)
  return String.fromCharCode(isNegative ? 127 - bytes.length : 128 + bytes.length) + latin1(bytes)
}
