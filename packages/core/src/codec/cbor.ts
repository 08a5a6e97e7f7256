import { MosaikError } from '../check/error.ts'
import { decodeCbor, encodeCbor } from './cbor-vendor.ts'
import type { Codec } from './codec.ts'
import { decodePlain, OTHER } from './plain-decode.ts'
import { encodePlain } from './plain-encode.ts'
import { scanCbor } from './scan.ts'

const LIMITS = { depth: 64 }

/**
 * The default codec: CBOR of plain data, with `Uint8Array`, `bigint`, `Date`, `Map`, `Set` and typed arrays. Unchecked: the
 * reader gets whatever the writer sent, so give a schema (`Datum`) where the writer is not trusted.
 *
 * Both directions throw `ERR_INVALID_DATUM` (`error.datum` is the value or the bytes) for what is not data (functions,
 * regular expressions, cycles), nested deeper than 64, a bigint of more than 64 bytes, and anything malformed.
 *
 * `encode` answers a plain `Uint8Array` that nobody changes. As with `Buffer.from`, small ones share blocks of 8 KiB: keep
 * `bytes.slice()` where a few of many are stored for long, and never transfer `bytes.buffer`. `decode` shares nothing.
 * Not for hashes and signatures: `canonical` is.
 */
export function cbor<T>(): Codec<T> {
  return codec as Codec<T>
}

// Nearly every value is plain and takes the short way in both directions; the general one decides about the rest, and about errors.
const codec: Codec<unknown> = Object.freeze({
  encode(value: unknown): Uint8Array {
    let bytes: Uint8Array
    try {
      const plain = encodePlain(value)
      if (plain !== undefined) return plain
      bytes = encodeCbor(value)
    } catch (cause) {
      throw new MosaikError('ERR_INVALID_DATUM', `cannot be written as CBOR: ${reasonOf(cause)}`, { cause, datum: value })
    }
    // What the other side would refuse is refused here, where its author can see it.
    const fault = scanCbor(bytes, LIMITS)
    if (fault !== undefined) throw new MosaikError('ERR_INVALID_DATUM', `cannot be written as plain CBOR: ${fault}`, { datum: value })
    return bytes
  },

  decode(bytes: Uint8Array): unknown {
    const plain = decodePlain(bytes)
    if (plain !== OTHER) return plain
    const fault = scanCbor(bytes, LIMITS)
    if (fault !== undefined) throw new MosaikError('ERR_INVALID_DATUM', `not acceptable CBOR: ${fault}`, { datum: bytes })
    try {
      return decodeCbor(bytes)
    } catch (cause) {
      throw new MosaikError('ERR_INVALID_DATUM', `not acceptable CBOR: ${reasonOf(cause)}`, { cause, datum: bytes })
    }
  },
})

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
