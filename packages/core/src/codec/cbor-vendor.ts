/**
 * The only module that knows cbor-x. The build bundles it, so that installing Mosaik installs nothing with a
 * script, and so that nobody else's extensions reach this copy.
 */
import { Decoder, Encoder } from 'cbor-x'

/** What cbor-x writes into; it takes a new one of the same size when this is full. */
const BLOCK_BYTES = 8192

// Encoding and decoding never share an instance: definitions in a received message must not touch what is written or
// read later. No option here may make one message depend on another.
const encoder = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false, mapsAsObjects: true })
const decoder = new Decoder({ useRecords: false, mapsAsObjects: true, copyBuffers: true })
const { useBuffer } = encoder as unknown as { useBuffer(buffer: Uint8Array): void }
const newBlock = (): void => useBuffer(Buffer.allocUnsafeSlow(BLOCK_BYTES))
newBlock()

let encoding = false

/**
 * The value's bytes in a plain array. Small results lie behind each other in blocks of 8 KiB, as Node's own buffers do:
 * an allocation for each would cost three times the encoding. So a result keeps at most such a block alive. Larger ones are
 * copied out, or they would keep alive what the block had to grow to for them.
 */
export function encodeCbor(value: unknown): Uint8Array {
  if (encoding) throw new Error('a getter or toJSON of the value encodes another value')
  encoding = true
  let fits = false
  try {
    const { buffer, byteOffset, length } = encoder.encode(value)
    fits = buffer.byteLength <= BLOCK_BYTES
    const view = new Uint8Array(buffer, byteOffset, length)
    return fits ? view : view.slice()
  } finally {
    encoding = false
    if (!fits) newBlock()
  }
}

/** The value of these bytes; byte strings in it are copies. The caller has checked that the bytes are well-formed. */
export function decodeCbor(bytes: Uint8Array): unknown {
  // A view of its own: a Buffer would make its byte strings Buffers, and cbor-x leaves a property on its input.
  return decoder.decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}
