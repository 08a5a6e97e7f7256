/**
 * The only module that knows cbor-x. The build bundles it, so that installing Mosaik installs nothing with a
 * script, and so that nobody else's extensions reach this copy.
 */
import { Decoder, Encoder } from 'cbor-x'

/** Writes over the same bytes at every call. */
const RESET_BUFFER_MODE = 1024
const BUFFER_BYTES = 8192
/** A larger buffer is not kept after the message that needed it. */
const MAX_KEPT_BYTES = 256 * 1024

// Encoding and decoding never share an instance: definitions in a received message must not touch what is written or
// read later. No option here may make one message depend on another.
const encoder = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false, mapsAsObjects: true })
const decoder = new Decoder({ useRecords: false, mapsAsObjects: true, copyBuffers: true } as ConstructorParameters<typeof Decoder>[0])
const encodeInto = encoder.encode as (value: unknown, mode: number) => Uint8Array
const { useBuffer } = encoder as unknown as { useBuffer(buffer: Uint8Array): void }

let encoding = false

/**
 * The value's bytes in a plain array of exactly their size. cbor-x answers a view into its buffer; what is stored
 * would keep that buffer alive, and a copy of a few hundred bytes costs less than a new buffer every few messages.
 */
export function encodeCbor(value: unknown): Uint8Array {
  if (encoding) throw new Error('a getter or toJSON of the value encodes another value')
  encoding = true
  let done = false
  try {
    const view = encodeInto(value, RESET_BUFFER_MODE)
    const bytes = new Uint8Array(view.length)
    bytes.set(view)
    done = view.buffer.byteLength <= MAX_KEPT_BYTES
    return bytes
  } finally {
    encoding = false
    if (!done) useBuffer(Buffer.allocUnsafeSlow(BUFFER_BYTES))
  }
}

/** The value of these bytes; byte strings in it are copies. The caller has checked that the bytes are well-formed. */
export function decodeCbor(bytes: Uint8Array): unknown {
  // A view of its own: a Buffer would make its byte strings Buffers, and cbor-x leaves a property on its input.
  return decoder.decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}
