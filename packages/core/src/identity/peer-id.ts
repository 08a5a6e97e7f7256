import { base58btc } from 'multiformats/bases/base58'
import { MosaikError } from '../check/error.ts'
import type { PeerId } from '../id/types.ts'

/** Identity multihash (00, 36 bytes) of libp2p's protobuf for an Ed25519 key (type 1, 32 bytes of data). */
const HEADER = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)
const KEY_BYTES = 32
const TEXT_LENGTH = 52

/** The peer id of an Ed25519 public key. Throws `ERR_INVALID_OPTION` unless it is 32 bytes. */
export function peerIdFromPublicKey(publicKey: Uint8Array): PeerId {
  if (publicKey.length !== KEY_BYTES) {
    throw new MosaikError('ERR_INVALID_OPTION', `an Ed25519 public key is ${KEY_BYTES} bytes, not ${publicKey.length}`)
  }
  const bytes = new Uint8Array(HEADER.length + KEY_BYTES)
  bytes.set(HEADER)
  bytes.set(publicKey, HEADER.length)
  return base58btc.baseEncode(bytes) as PeerId
}

/** The 32-byte Ed25519 public key that a peer id is, fresh. Throws `ERR_INVALID_OPTION` for text that is no peer id. */
export function publicKeyOf(peerId: PeerId): Uint8Array {
  const key = decode(peerId)
  if (key === undefined) throw new MosaikError('ERR_INVALID_OPTION', `not a peer id of an Ed25519 key: ${JSON.stringify(peerId)}`)
  return key
}

/** True for the base58 text (`12D3Koo…`, 52 characters) of an Ed25519 public key. */
export function isPeerId(text: unknown): text is PeerId {
  return typeof text === 'string' && decode(text) !== undefined
}

function decode(text: string): Uint8Array | undefined {
  if (text.length !== TEXT_LENGTH || !text.startsWith('12D3Koo')) return undefined
  let bytes: Uint8Array
  try {
    bytes = base58btc.baseDecode(text)
  } catch {
    return undefined // a character outside the alphabet
  }
  if (bytes.length !== HEADER.length + KEY_BYTES) return undefined
  for (let i = 0; i < HEADER.length; i++) if (bytes[i] !== HEADER[i]) return undefined
  return bytes.slice(HEADER.length)
}
