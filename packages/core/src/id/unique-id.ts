import { blake3 } from '@noble/hashes/blake3.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { MosaikError } from '../check/error.ts'
import { systemPrng } from '../system/prng.ts'
import type { UniqueId } from './types.ts'

/** Bytes of an id. */
export const ID_BYTES = 32

const HEX_DIGITS = ID_BYTES * 2
const HEX = /^[0-9a-fA-F]{64}$/
const SHORT_DIGITS = 10
const utf8 = new TextEncoder()
const latin1 = new TextDecoder('latin1')

/**
 * The id that a text names. Exactly 64 hex digits (either case) are taken as they are; any other text is hashed:
 * blake3 of its UTF-8. Nothing is trimmed or folded, and no text is refused.
 *
 * Bytes are read as that text, so 32 raw bytes are hashed too: `idFromBytes` takes them as they are.
 */
export function uniqueId(input: string | Uint8Array): UniqueId {
  if (typeof input === 'string') {
    return input.length === HEX_DIGITS && HEX.test(input) ? (input.toLowerCase() as UniqueId) : hash(utf8.encode(input))
  }
  if (!(input instanceof Uint8Array)) throw new MosaikError('ERR_INVALID_OPTION', `an id is made of text or bytes, not of ${typeof input}`)
  if (input.length !== HEX_DIGITS) return hash(input)
  const text = latin1.decode(input)
  return HEX.test(text) ? (text.toLowerCase() as UniqueId) : hash(input)
}

/** A child of an id: blake3(parent ‖ info). A parent that is plain text means `uniqueId(parent)`. */
export function deriveId(parent: UniqueId | string, info: string | Uint8Array): UniqueId {
  const infoBytes = typeof info === 'string' ? utf8.encode(info) : info
  return bytesToHex(
    blake3
      .create()
      .update(toBytes(uniqueId(parent)))
      .update(infoBytes)
      .digest(),
  ) as UniqueId
}

/** 32 bytes of the system's randomness. */
export function randomId(): UniqueId {
  return bytesToHex(systemPrng.bytes(ID_BYTES)) as UniqueId
}

/** The 32 bytes of an id, fresh. Throws `ERR_INVALID_OPTION` for text that is not one. */
export function toBytes(id: UniqueId): Uint8Array {
  if (!isUniqueId(id)) throw new MosaikError('ERR_INVALID_OPTION', `an id is 64 lower-case hex digits, not ${JSON.stringify(id)}`)
  return hexToBytes(id)
}

/** The id with these 32 bytes, unhashed. Throws `ERR_INVALID_OPTION` for any other length. */
export function idFromBytes(bytes: Uint8Array): UniqueId {
  if (bytes.length !== ID_BYTES) throw new MosaikError('ERR_INVALID_OPTION', `an id is ${ID_BYTES} bytes, not ${bytes.length}`)
  return bytesToHex(bytes) as UniqueId
}

/** True for 64 lower-case hex digits. */
export function isUniqueId(text: unknown): text is UniqueId {
  return typeof text === 'string' && text.length === HEX_DIGITS && HEX.test(text) && text === text.toLowerCase()
}

/** The first 10 digits, for people: logs, labels, tables. */
export function shortId(id: string): string {
  return id.slice(0, SHORT_DIGITS)
}

/** Order of byte strings: bytewise, a prefix first. Negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function hash(bytes: Uint8Array): UniqueId {
  return bytesToHex(blake3(bytes)) as UniqueId
}
