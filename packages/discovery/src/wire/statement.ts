import { canonical, decodeCanonical, deriveId, ID_BYTES, idFromBytes, isPeerId, toBytes, verify } from '@mosaik/core'
import type { NetworkId, PeerId, UniqueId } from '@mosaik/core'
import type { EncodedDetails, Head, Statement } from '../logic/statement.ts'
import { decodeDetails } from './details.ts'
import { MAX_ANNOUNCED_BYTES, MAX_DETAILS_BYTES, MAX_HEAD_BYTES } from './limits.ts'
import { asBytes, asFixed, asList, asTime, malformed } from './shape.ts'

const FORMAT = 1
const DOMAIN = 'mosaik/discovery/head/1'
const SIGNATURE_BYTES = 64

/** Stands for the network in heads, so that they do not reveal its id. */
export function networkMark(networkId: NetworkId): UniqueId {
  return deriveId(networkId, 'discovery')
}

interface HeadParts {
  readonly peerId: PeerId
  readonly startedAt: number
  readonly updatedAt: number
  readonly details: EncodedDetails | undefined
}

/** Makes and signs what this node says of itself: `[1, network, peer id, startedAt, updatedAt, details digest | null]`. */
export function signStatement(parts: HeadParts, mark: UniqueId, sign: (bytes: Uint8Array) => Uint8Array): Statement {
  const { peerId, startedAt, updatedAt, details } = parts
  const bytes = canonical([FORMAT, toBytes(mark), peerId, startedAt, updatedAt, details === undefined ? null : toBytes(details.id)])
  const id = deriveId(DOMAIN, bytes)
  return { head: { peerId, startedAt, updatedAt, details: details?.id, id, bytes, signature: sign(toBytes(id)) }, details }
}

/** A head as it stands in a message, before anything has been checked. */
export type WireHead = readonly [bytes: Uint8Array, signature: Uint8Array]
/** A statement as it stands in a message. The details are null after a departure, and where the other side has them. */
export type WireStatement = readonly [bytes: Uint8Array, signature: Uint8Array, details: Uint8Array | null]

/** A head of another network: not malformed, but nothing of ours. */
export type DecodedHead = { readonly head: Head; readonly foreign: boolean }

/** Reads a head without checking its signature (`verifyHead` does). Throws `ERR_PROTOCOL`. */
export function decodeHead([bytes, signature]: WireHead, mark: UniqueId): DecodedHead {
  const [format, network, peerId, startedAt, updatedAt, details] = asList(decodeCanonical(bytes), 'head', 6)
  if (format !== FORMAT) throw malformed('head: unknown format')
  const foreign = idFromBytes(asFixed(network, 'network', ID_BYTES)) !== mark
  if (!isPeerId(peerId)) throw malformed('peer id')
  const head = {
    peerId,
    startedAt: asTime(startedAt, 'startedAt'),
    updatedAt: asTime(updatedAt, 'updatedAt'),
    details: details === null ? undefined : idFromBytes(asFixed(details, 'details digest', ID_BYTES)),
    id: deriveId(DOMAIN, bytes),
    bytes,
    signature,
  }
  return { head, foreign }
}

/** True when the peer itself has signed this head. */
export function verifyHead(head: Head): boolean {
  return verify(head.peerId, toBytes(head.id), head.signature)
}

/** The details that belong to a head. Throws `ERR_PROTOCOL` when these bytes are not the ones it names. */
export function decodeDetailsOf(head: Head, bytes: Uint8Array): EncodedDetails {
  const details = decodeDetails(bytes, head.peerId)
  if (details.id !== head.details) throw malformed('details: not the ones that were signed')
  return details
}

export function toWire(statement: Statement, withDetails: boolean): WireStatement {
  const { head, details } = statement
  return [head.bytes, head.signature, withDetails && details !== undefined ? details.bytes : null]
}

export function asWireStatement(value: unknown): WireStatement {
  const [bytes, signature, details] = asList(value, 'statement', 3)
  return [
    asBytes(bytes, 'head', MAX_HEAD_BYTES),
    asFixed(signature, 'signature', SIGNATURE_BYTES),
    details === null ? null : asBytes(details, 'details', MAX_DETAILS_BYTES),
  ]
}

/** A statement as bytes of its own: what `exportMe` answers and `feed` takes. */
export function encodeStatement(statement: Statement): Uint8Array {
  return canonical([...toWire(statement, true)])
}

/** Throws `ERR_PROTOCOL`. */
export function decodeStatement(bytes: Uint8Array): WireStatement {
  return asWireStatement(decodeCanonical(bytes))
}

/** What is announced: `[head, signature, details | null]`. Receivers that lack the details fetch them. */
export function encodeAnnouncement(head: Head, details?: EncodedDetails): Uint8Array {
  return canonical([...toWire({ head, details }, true)])
}

/** Throws `ERR_PROTOCOL`. */
export function decodeAnnouncement(bytes: Uint8Array): WireStatement {
  const [head, signature, details] = decodeStatement(bytes)
  if (details !== null && details.length > MAX_ANNOUNCED_BYTES) throw malformed('announcement: its details are too long')
  return [head, signature, details]
}
