import { idFromBytes } from '@mosaik/core'
import type { UniqueId } from '@mosaik/core'
import { FrameReader, FrameWriter } from './bytes.ts'
import type { Entry, ProposedData } from '../logic/entry.ts'
import type {
  AppendContent,
  Content,
  Envelope,
  ForwardAnswer,
  ForwardContent,
  HeartbeatContent,
  Message,
  Proposal,
} from '../logic/messages.ts'
import type { Index } from '../logic/types.ts'
import { decodeEntryData, encodeEntryData, MAX_PROPOSED_BYTES } from './entry-codec.ts'
import { count, malformed } from './shape.ts'

/** Messages that every command or read takes: by hand, at a tenth of what canonical CBOR costs. */
const KINDS = {
  append: 2, 'append-answer': 3, heartbeat: 4, 'heartbeat-answer': 5, read: 6, 'read-answer': 7, forward: 8, 'forward-answer': 9,
} as const // prettier-ignore
export type Frequent = keyof typeof KINDS
type Of<K extends Frequent> = Extract<Content, { type: K }>

const TYPES: readonly (Frequent | undefined)[] = [undefined, undefined, ...(Object.keys(KINDS) as Frequent[])]
/** Entries in one frame, and proposals in one forward. */
export const MAX_ENTRIES = 65_536
const LIFE_BYTES = 8
const ID_BYTES = 32
const NO_LINEAGE = '0'.repeat(2 * ID_BYTES)
/** Kind, lineage, life, term. */
const HEADER_BYTES = 1 + ID_BYTES + LIFE_BYTES + 8
/** Term and length, in front of the data. */
const ENTRY_HEADER_BYTES = 8 + 4
/** Number, again, length. */
const PROPOSAL_HEADER_BYTES = 8 + 1 + 4

const ANSWER = 1
const LEADING = 2
const IDLE = 4
const HASH = 8

/** Whether `decodeFrequent` reads frames of this kind. */
export function isFrequent(kind: number | undefined): boolean {
  return TYPES[kind ?? 0] !== undefined
}

/** Undefined: a message of another type. */
export function encodeFrequent(message: Message): Uint8Array | undefined {
  switch (message.type) {
    case 'append':
      return encodeAppend(message)
    case 'append-answer': {
      const { index, hint } = message
      const to = begin(message, 8 + 1 + 16)
        .count(index)
        .flag(hint !== undefined)
      return (hint === undefined ? to : to.count(hint.term).count(hint.index)).done()
    }
    case 'heartbeat':
      return encodeHeartbeat(message)
    case 'heartbeat-answer':
      return begin(message, 8 + 1)
        .count(message.round)
        .flag(message.idle)
        .done()
    case 'read':
      return begin(message, 8).count(message.ticket).done()
    case 'read-answer': {
      const to = begin(message, 8 + 1 + 8)
        .count(message.ticket)
        .flag(message.index !== undefined)
      return (message.index === undefined ? to : to.count(message.index)).done()
    }
    case 'forward':
      return encodeForward(message)
    case 'forward-answer': {
      const { accepted, refused } = message
      const to = begin(message, 4 + 4 + 16 * accepted.length + 8 * refused.length).u32(accepted.length)
      for (const { id, index } of accepted) to.count(id).count(index)
      to.u32(refused.length)
      for (const id of refused) to.count(id)
      return to.done()
    }
    default:
      return undefined
  }
}

/** Throws `ERR_PROTOCOL`. Payloads share memory with the bytes. */
export function decodeFrequent(frame: Uint8Array): Message {
  const type = TYPES[frame[0] ?? 0] as Frequent
  const from = new FrameReader(frame, type)
  const id = idFromBytes(from.bytes(ID_BYTES))
  const lineage = id === NO_LINEAGE ? undefined : id
  const incarnation = Buffer.from(from.bytes(LIFE_BYTES)).toString('hex')
  const term = position(from, type)
  const content = decodeContent(type, from)
  from.end()
  return { ...content, lineage, term, incarnation }
}

function begin({ type, lineage, incarnation, term }: Envelope & { readonly type: Frequent }, size: number): FrameWriter {
  return new FrameWriter(KINDS[type], HEADER_BYTES + size)
    .hex(lineage ?? (NO_LINEAGE as UniqueId), ID_BYTES)
    .hex(incarnation, LIFE_BYTES)
    .count(term)
}

function encodeAppend(message: Envelope & AppendContent): Uint8Array {
  const { previous, entries, commit } = message
  let size = 3 * 8 + 4
  for (const { data } of entries) size += ENTRY_HEADER_BYTES + encodeEntryData(data).length
  const to = begin(message, size).count(previous.term).count(previous.index).count(commit).u32(entries.length)
  for (const entry of entries) {
    const data = encodeEntryData(entry.data)
    to.count(entry.term).u32(data.length).bytes(data)
  }
  return to.done()
}

function encodeHeartbeat(message: Envelope & HeartbeatContent): Uint8Array {
  const { commit, round, answer, hash, leading, idle } = message
  const flags = (answer ? ANSWER : 0) | (leading ? LEADING : 0) | (idle ? IDLE : 0) | (hash === undefined ? 0 : HASH)
  const to = begin(message, 1 + 3 * 8)
    .u8(flags)
    .count(commit)
    .count(round)
  return (hash === undefined ? to : to.count(hash)).done()
}

function encodeForward(message: Envelope & ForwardContent): Uint8Array {
  let size = 4
  for (const { data } of message.proposals) size += PROPOSAL_HEADER_BYTES + encodeEntryData(data).length
  const to = begin(message, size).u32(message.proposals.length)
  for (const { id, data, again } of message.proposals) {
    const bytes = encodeEntryData(data)
    to.count(id)
      .flag(again === true)
      .u32(bytes.length)
      .bytes(bytes)
  }
  return to.done()
}

function decodeContent(type: Frequent, from: FrameReader): Of<Frequent> {
  switch (type) {
    case 'append':
      return decodeAppend(from)
    case 'append-answer': {
      const index = position(from, type)
      return { type, index, hint: from.flag() ? { term: position(from, type), index: position(from, type) } : undefined }
    }
    case 'heartbeat':
      return decodeHeartbeat(from)
    case 'heartbeat-answer':
      return { type, round: position(from, type), idle: from.flag() }
    case 'read':
      return { type, ticket: position(from, type) }
    case 'read-answer':
      return { type, ticket: position(from, type), index: from.flag() ? position(from, type) : undefined }
    case 'forward':
      return { type, proposals: listOf(from, type, decodeProposal) }
    case 'forward-answer':
      return decodeForwardAnswer(from)
  }
}

function decodeAppend(from: FrameReader): Of<'append'> {
  const type = 'append'
  const previous = { term: position(from, type), index: position(from, type) }
  const commit = position(from, type)
  const entries = listOf(from, type, (_, i): Entry => {
    const term = position(from, type)
    return { index: previous.index + 1 + i, term, data: decodeEntryData(from.bytes(from.u32())) }
  })
  return { type, previous, entries, commit }
}

function decodeHeartbeat(from: FrameReader): HeartbeatContent {
  const type = 'heartbeat'
  const flags = from.u8()
  if (flags >= 2 * HASH) throw malformed(`${type}: flags ${flags}`)
  const has = (flag: number): boolean => (flags & flag) !== 0
  const commit = position(from, type)
  const round = position(from, type)
  const hash = has(HASH) ? position(from, type) : undefined
  return { type, commit, round, answer: has(ANSWER), hash, leading: has(LEADING), idle: has(IDLE) }
}

function decodeProposal(from: FrameReader): Proposal {
  const id = position(from, 'forward')
  const again = from.flag()
  const bytes = from.bytes(from.u32())
  // An entry that fits into this frame, but not into the leader's own, would end the leader.
  if (bytes.length > MAX_PROPOSED_BYTES) throw malformed(`forward: a proposal of ${bytes.length} bytes`)
  const data = decodeEntryData(bytes)
  if (data.kind !== 'commands' && data.kind !== 'session-open' && data.kind !== 'session-expire') {
    throw malformed(`forward: members propose no ${data.kind}`)
  }
  return { id, data: data satisfies ProposedData, ...(again && { again }) }
}

function decodeForwardAnswer(from: FrameReader): ForwardAnswer {
  const type = 'forward-answer'
  const accepted = listOf(from, type, () => ({ id: position(from, type), index: position(from, type) }))
  return { type, accepted, refused: listOf(from, type, () => position(from, type)) }
}

function listOf<T>(from: FrameReader, what: string, item: (from: FrameReader, i: number) => T): T[] {
  const length = from.u32()
  if (length > MAX_ENTRIES) throw malformed(`${what}: a list of ${length}`)
  const items: T[] = []
  for (let i = 0; i < length; i++) items.push(item(from, i))
  return items
}

function position(from: FrameReader, what: string): Index {
  return count(from.count(), what)
}
