import { canonical, decodeCanonical } from '@mosaik/core'
import type { CanonicalValue } from '@mosaik/core'
import { FrameWriter } from './bytes.ts'
import type { Entry } from '../logic/entry.ts'
import type { LineageFacts } from '../logic/lineage.ts'
import type { Content, Envelope, Message } from '../logic/messages.ts'
import type { Preference } from '../logic/options.ts'
import { MAX_MET } from '../logic/meeting-state.ts'
import type { Meet, SnapshotMeta } from '../logic/snapshot.ts'
import { configurationShape, cursorShape, decodeEntryData, encodeEntryData, lineageShape } from './entry-codec.ts'
import { decodeFrequent, encodeFrequent, isFrequent, MAX_ENTRIES } from './frequent-codec.ts'
import type { Frequent } from './frequent-codec.ts'
import { count, flag, life, listOf, malformed, maybe, oneOf, optional, peerIdShape, plain, record, text, uniqueIdShape } from './shape.ts'
import type { Shape } from './shape.ts'

const PLAIN = 1
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

/** An entry outside of an append: rare. */
const entryShape: Shape<Entry> = (value, what) => {
  const { index, term, data } = record<{ index: number; term: number; data: Uint8Array }>({ index: count, term: count, data: bytes })(
    value,
    what,
  )
  return { index, term, data: decodeEntryData(data) }
}

type Of<K extends Content['type']> = Omit<Extract<Content, { type: K }>, 'type'>

const SHAPES: { readonly [K in Exclude<Content['type'], Frequent>]: Shape<Of<K>> } = {
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
  const frequent = encodeFrequent(message)
  if (frequent !== undefined) return frequent
  const { type, lineage, term, incarnation, ...fields } = message
  return new FrameWriter(PLAIN).bytes(canonical(plain({ type, lineage, term, incarnation, content: contentOf(message, fields) }))).done()
}

function contentOf(message: Message, fields: object): CanonicalValue {
  if (message.type !== 'fetched') return plain(fields)
  const entries = message.entries.map(({ index, term, data }) => ({ index, term, data: encodeEntryData(data) }))
  return plain({ previous: message.previous, entries })
}

/** Whether it is a message of the core's: other frames of a group are not. */
export function isMessage(frame: Uint8Array): boolean {
  return frame[0] === PLAIN || isFrequent(frame[0])
}

/** Throws `ERR_PROTOCOL`. Payloads share memory with the bytes. */
export function decodeMessage(frame: Uint8Array): Message {
  if (isFrequent(frame[0])) return decodeFrequent(frame)
  if (frame[0] !== PLAIN) throw malformed(`message: kind ${frame[0]}`)
  const { type, content, ...envelope } = envelopeShape(decodeCanonical(frame.subarray(1)), 'message')
  if (!Object.hasOwn(SHAPES, type)) throw malformed(`message: type ${type}`)
  const fields = SHAPES[type as keyof typeof SHAPES](content, type)
  return { ...envelope, type, ...fields } as Message
}
