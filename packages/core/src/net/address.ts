import { MosaikError } from '../check/error.ts'
import type { PeerId } from '../id/types.ts'
import { isPeerId } from '../identity/peer-id.ts'

/** Longest address text that is taken from anyone. */
export const MAX_ADDRESS_LENGTH = 512

const SHAPE = /^(?:\/[\x21-\x2e\x30-\x7e]+){2,}$/
const PEER = '/p2p/'

/**
 * Takes a trailing `/p2p/<peer id>` off an address. A bare peer id is an empty address. Text that ends otherwise
 * comes back whole, without a peer id; nothing is validated (`isAddress` does).
 */
export function splitAddress(text: string): { address: string; peerId: PeerId | undefined } {
  const at = text.lastIndexOf(PEER)
  const last = at === -1 ? text : text.slice(at + PEER.length)
  if (!isPeerId(last)) return { address: text, peerId: undefined }
  return { address: at === -1 ? '' : text.slice(0, at), peerId: last }
}

/** `address` ending in `/p2p/<peer id>`. Throws `ERR_INVALID_OPTION` when it ends in another peer's id. */
export function joinAddress(address: string, peerId: PeerId): string {
  const { peerId: present } = splitAddress(address)
  if (present === undefined) return `${address}${PEER}${peerId}`
  if (present === peerId) return address
  throw new MosaikError('ERR_INVALID_OPTION', `the address ${address} belongs to another peer than ${peerId}`)
}

/** True for text shaped like a multiaddr: `/protocol/value…` in printable ASCII, at most 512 characters. Transports judge the rest. */
export function isAddress(text: unknown): text is string {
  return typeof text === 'string' && text.length <= MAX_ADDRESS_LENGTH && SHAPE.test(text)
}
