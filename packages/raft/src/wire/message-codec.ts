import { canonical, decodeCanonical, idFromBytes } from '@mosaik/core'
import type { CanonicalValue, UniqueId } from '@mosaik/core'
import { FrameReader, FrameWriter } from './bytes.ts'
import type { Entry } from '../logic/entry.ts'
import type { LineageFacts } from '../logic/lineage.ts'
import type { AppendContent, Content, Envelope, Message, Proposal } from '../logic/messages.ts'
import type { Preference } from '../logic/options.ts'
import { MAX_MET } from '../logic/meeting-state.ts'
import type { Meet, SnapshotMeta } from '../logic/snapshot.ts'
import type { ProposedData } from '../logic/entry.ts'
import { configurationShape, cursorShape, decodeEntryData, encodeEntryData, lineageShape } from './entry-codec.ts'
import { count, flag, life, listOf, malformed, maybe, oneOf, optional, peerIdShape, plain, record, text, uniqueIdShape } from './shape.ts'
import type { Shape } from './shape.ts'

const PLAIN = 1
const APPEND = 2
/** Entries in one frame, and proposals in one forward. */
const MAX_ENTRIES = 65_536
const LIFE_BYTES = 8
/** Term and length, in front of the data. */
const ENTRY_HEADER_BYTES = 8 + 4
const ID_BYTES = 32
/** Kind, lineage, life, four positions, how many. */
const APPEND_HEADER_BYTES = 1 + ID_BYTES + LIFE_BYTES + 4 * 8 + 4

const factsShape: Shape<LineageFacts> = record<LineageFacts>({
  id: uniqueIdShape,
  parent: optional(uniqueIdShape),
  fork: optional(cursorShape),
  shared: optional(count),
  commands: count,
  entries: count,
  quorum: flag,
})

export const snapshotShape: Shape<SnapshotMeta> = record<SnapshotMeta>({
  lineage: lineageShape,
  index: count,
  term: count,
  root: text,
  hash: count,
  commands: count,
  configuration: configurationShape,
  configurationIndex: count,
  meets: listOf(record<Meet>({ other: uniqueIdShape, facts: factsShape }), MAX_MET),
})

const preferenceShape: Shape<Preference> = (value, what) => {
  if (value === 'normal' || value === 'observer') return value
  const { reluctant } = record<{ reluctant: number }>({ reluctant: number })(value, what)
  return { reluctant }
}

const number: Shape<number> = (value, what) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw malformed(what)
  return value
}

const bytes: Shape<Uint8Array> = (value, what) => {
  if (!(value instanceof Uint8Array)) throw malformed(what)
  return value
}

const proposed = record<{ id: number; data: Uint8Array; again?: boolean }>({ id: count, data: bytes, again: optional(flag) })

/** Its data travels as the bytes that the entry will have. */
const proposalShape: Shape<Proposal> = (value, what) => {
  const { id, data, again } = proposed(value, what)
  const decoded = decodeEntryData(data)
  if (decoded.kind !== 'commands' && decoded.kind !== 'session-open' && decoded.kind !== 'session-expire') {
    throw malformed(`${what}: members propose no ${decoded.kind}`)
  }
  return { id, data: decoded satisfies ProposedData, ...(again === true && { again }) }
}

/** An entry outside of an append: rare. */
const entryShape: Shape<Entry> = (value, what) => {
  const { index, term, data } = record<{ index: number; term: number; data: Uint8Array }>({ index: count, term: count, data: bytes })(
    value,
    what,
  )
  return { index, term, data: decodeEntryData(data) }
}

type Of<K extends Content['type']> = Omit<Extract<Content, { type: K }>, 'type'>

const SHAPES: { readonly [K in Exclude<Content['type'], 'append'>]: Shape<Of<K>> } = {
  hello: record<Of<'hello'>>({
    preference: preferenceShape,
    durable: flag,
    origin: maybe(factsShape),
    last: cursorShape,
    committed: cursorShape,
    led: flag,
    configuration: configurationShape,
  }),
  vote: record<Of<'vote'>>({ pre: flag, campaign: count, last: cursorShape, transfer: flag }),
  'vote-answer': record<Of<'vote-answer'>>({ pre: flag, campaign: count, verdict: oneOf('granted', 'denied', 'abstained') }),
  'append-answer': record<Of<'append-answer'>>({ index: count, hint: maybe(cursorShape) }),
  heartbeat: record<Of<'heartbeat'>>({ commit: count, round: count, answer: flag, hash: maybe(count), leading: flag, idle: flag }),
  'heartbeat-answer': record<Of<'heartbeat-answer'>>({ round: count, idle: flag }),
  read: record<Of<'read'>>({ ticket: count }),
  'read-answer': record<Of<'read-answer'>>({ ticket: count, index: maybe(count) }),
  forward: record<Of<'forward'>>({ proposals: listOf(proposalShape, MAX_ENTRIES) }),
  'forward-answer': record<Of<'forward-answer'>>({
    accepted: listOf(record<{ id: number; index: number }>({ id: count, index: count }), MAX_ENTRIES),
    refused: listOf(count, MAX_ENTRIES),
  }),
  transfer: record<Of<'transfer'>>({ to: maybe(peerIdShape) }),
  'timeout-now': record<Of<'timeout-now'>>({}),
  'snapshot-offer': record<Of<'snapshot-offer'>>({ snapshot: snapshotShape }),
  'snapshot-report': record<Of<'snapshot-report'>>({ mark: count, root: text }),
  departure: record<Of<'departure'>>({ isLeaving: flag }),
  founding: record<Of<'founding'>>({ lineageToBe: uniqueIdShape, parent: maybe(uniqueIdShape), last: cursorShape }),
  'founding-answer': record<Of<'founding-answer'>>({
    lineageToBe: uniqueIdShape,
    granted: flag,
    last: cursorShape,
    committed: cursorShape,
  }),
  audit: record<Of<'audit'>>({ index: count, hash: count, answer: flag }),
  meet: record<Of<'meet'>>({ other: uniqueIdShape, facts: factsShape }),
  fetch: record<Of<'fetch'>>({ previous: cursorShape }),
  fetched: record<Of<'fetched'>>({ previous: cursorShape, entries: listOf(entryShape, MAX_ENTRIES) }),
}

const envelopeShape: Shape<Envelope & { type: string; content: unknown }> = record<Envelope & { type: string; content: unknown }>({
  lineage: maybe(uniqueIdShape),
  term: count,
  incarnation: life,
  type: text,
  content: (value) => value,
})

/** Large messages go behind small ones: those that carry entries. */
export function isBulk(message: Message): boolean {
  return (message.type === 'append' && message.entries.length > 0) || message.type === 'fetched' || message.type === 'forward'
}

export function encodeMessage(message: Message): Uint8Array {
  if (message.type === 'append' && message.lineage !== undefined) return encodeAppend(message, message.lineage)
  const { type, lineage, term, incarnation, ...fields } = message
  return new FrameWriter(PLAIN).bytes(canonical(plain({ type, lineage, term, incarnation, content: contentOf(message, fields) }))).done()
}

function contentOf(message: Message, fields: object): CanonicalValue {
  if (message.type === 'forward') return { proposals: message.proposals.map(encodeProposal) }
  if (message.type !== 'fetched') return plain(fields)
  const entries = message.entries.map(({ index, term, data }) => ({ index, term, data: encodeEntryData(data) }))
  return plain({ previous: message.previous, entries })
}

/** Throws `ERR_PROTOCOL`. Payloads share memory with the bytes. */
export function decodeMessage(frame: Uint8Array): Message {
  if (frame[0] === APPEND) return decodeAppend(frame)
  if (frame[0] !== PLAIN) throw malformed(`message: kind ${frame[0]}`)
  const { type, content, ...envelope } = envelopeShape(decodeCanonical(frame.subarray(1)), 'message')
  if (!Object.hasOwn(SHAPES, type)) throw malformed(`message: type ${type}`)
  const fields = SHAPES[type as keyof typeof SHAPES](content, type)
  return { ...envelope, type, ...fields } as Message
}

function encodeProposal({ id, data, again }: Proposal): { id: number; data: Uint8Array; again?: boolean } {
  return { id, data: encodeEntryData(data), ...(again === true && { again }) }
}

function encodeAppend({ term, incarnation, previous, entries, commit }: Envelope & AppendContent, lineage: UniqueId): Uint8Array {
  let size = APPEND_HEADER_BYTES
  for (const { data } of entries) size += ENTRY_HEADER_BYTES + encodeEntryData(data).length
  const writer = new FrameWriter(APPEND, size)
    .hex(lineage, ID_BYTES)
    .hex(incarnation, LIFE_BYTES)
    .count(term)
    .count(previous.term)
    .count(previous.index)
    .count(commit)
    .u32(entries.length)
  for (const entry of entries) {
    const data = encodeEntryData(entry.data)
    writer.count(entry.term).u32(data.length).bytes(data)
  }
  return writer.done()
}

function decodeAppend(frame: Uint8Array): Message {
  const reader = new FrameReader(frame, 'append')
  const lineage = idFromBytes(reader.bytes(ID_BYTES))
  const incarnation = Buffer.from(reader.bytes(LIFE_BYTES)).toString('hex')
  const position = (what: string): number => count(reader.count(), what)
  const term = position('append: term')
  const previous = { term: position('append: previous term'), index: position('append: previous index') }
  const commit = position('append: commit')
  const length = reader.u32()
  if (length > MAX_ENTRIES) throw malformed(`append: ${length} entries`)
  const entries: Entry[] = []
  for (let i = 0; i < length; i++) {
    const entryTerm = position('append: entry term')
    entries.push({ index: previous.index + 1 + i, term: entryTerm, data: decodeEntryData(reader.bytes(reader.u32())) })
  }
  reader.end()
  return { type: 'append', lineage, term, incarnation, previous, entries, commit }
}
