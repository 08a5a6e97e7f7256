import { canonical, decodeCanonical } from '@mosaik/core'
import { FrameReader, FrameWriter } from './bytes.ts'
import type { Configuration, Voter } from '../logic/configuration.ts'
import type {
  CommandsData, ConfigurationData, EntryData, FoundingData, MeetData, SessionExpireData, SessionOpenData, SnapshotRootData, YieldData,
} from '../logic/entry.ts' // prettier-ignore
import type { Lineage } from '../logic/lineage.ts'
import type { Cursor, MemberId } from '../logic/types.ts'
import { count, flag, life, listOf, malformed, optional, peerIdShape, plain, record, text, uniqueIdShape } from './shape.ts'
import type { Shape } from './shape.ts'

/** Voters that a configuration may name: far more than anyone should have. */
const MAX_VOTERS = 255
const MAX_SESSION_BYTES = 64
/** Commands in a batch. */
export const MAX_COMMANDS: number = 1 << 20
/** One command alone, or the commands of a batch, each with the length in front of it. */
export const MAX_COMMAND_BYTES: number = 16 * 1024 * 1024
/** The length in front of a command. */
export const COMMAND_HEADER_BYTES = 4
const COMMANDS = 5
/** Kind, length of the session, number, low water, how many. */
const COMMANDS_HEADER_BYTES = 1 + 1 + 8 + 8 + 4
/** Of what a member may propose: whatever is put around it on its way, it fits into a frame and into a record of the log. */
export const MAX_PROPOSED_BYTES: number = COMMANDS_HEADER_BYTES + MAX_SESSION_BYTES + COMMAND_HEADER_BYTES + MAX_COMMAND_BYTES
const utf8 = new TextEncoder()

export const cursorShape: Shape<Cursor> = record<Cursor>({ term: count, index: count })
export const memberShape: Shape<MemberId> = record<MemberId>({ peerId: peerIdShape, incarnation: life })
export const configurationShape: Shape<Configuration> = record<Configuration>({
  voters: listOf(record<Voter>({ peerId: peerIdShape, incarnation: life, durable: flag }), MAX_VOTERS),
})
export const lineageShape: Shape<Lineage> = record<Lineage>({
  id: uniqueIdShape,
  parent: optional(uniqueIdShape),
  fork: optional(cursorShape),
  shared: optional(count),
})

/** As long as in front of commands. A snapshot has a byte for how long it is. */
const sessionName: Shape<string> = (value, what) => {
  if (Buffer.byteLength(text(value, what)) > MAX_SESSION_BYTES) throw malformed(what)
  return value as string
}

type Rest<T> = Omit<T, 'kind'>
const nothing: Shape<object> = record<object>({})

/** Everything but commands is rare: its kind, then canonical CBOR of its fields. */
const KINDS: { readonly [K in Exclude<EntryData['kind'], 'commands'>]: { readonly number: number; readonly shape: Shape<object> } } = {
  founding: {
    number: 1,
    shape: record<Rest<FoundingData>>({
      lineage: uniqueIdShape,
      founder: memberShape,
      configuration: configurationShape,
      parent: optional(uniqueIdShape),
      fork: optional(cursorShape),
      shared: optional(count),
    }),
  },
  configuration: { number: 2, shape: record<Rest<ConfigurationData>>({ configuration: configurationShape }) },
  'no-op': { number: 3, shape: nothing },
  'session-open': { number: 6, shape: record<Rest<SessionOpenData>>({ session: sessionName }) },
  'session-expire': { number: 7, shape: record<Rest<SessionExpireData>>({ session: sessionName }) },
  'snapshot-mark': { number: 8, shape: nothing },
  'snapshot-root': { number: 9, shape: record<Rest<SnapshotRootData>>({ mark: count, root: text }) },
  meet: { number: 10, shape: record<Rest<MeetData>>({ other: uniqueIdShape }) },
  yield: { number: 11, shape: record<Rest<YieldData>>({ to: uniqueIdShape }) },
}
const KIND_OF = new Map(Object.entries(KINDS).map(([kind, { number, shape }]) => [number, { kind, shape }]))

/** The bytes of what an entry says, the same on every member. Encoded once: the entry keeps them. */
export function encodeEntryData(data: EntryData): Uint8Array {
  return (data.encoded ??= data.kind === 'commands' ? encodeCommands(data) : encodeRare(data))
}

/** Throws `ERR_PROTOCOL`. Payloads share memory with the bytes. */
export function decodeEntryData(bytes: Uint8Array): EntryData {
  if (bytes[0] === COMMANDS) return decodeCommands(bytes)
  const found = KIND_OF.get(bytes[0] ?? 0)
  if (found === undefined) throw malformed(`entry: kind ${bytes[0]}`)
  const fields = found.shape(decodeCanonical(bytes.subarray(1)), found.kind)
  return { kind: found.kind, ...fields, encoded: bytes } as EntryData
}

function encodeRare({ kind, encoded: _, ...fields }: Exclude<EntryData, CommandsData>): Uint8Array {
  return new FrameWriter(KINDS[kind as keyof typeof KINDS].number).bytes(canonical(plain(fields))).done()
}

function encodeCommands({ session, number, lowWater, payloads }: CommandsData): Uint8Array {
  const length = Buffer.byteLength(session)
  let size = COMMANDS_HEADER_BYTES + length
  for (const payload of payloads) size += COMMAND_HEADER_BYTES + payload.length
  const writer = new FrameWriter(COMMANDS, size).u8(length).text(session, length).count(number).count(lowWater).u32(payloads.length)
  for (const payload of payloads) writer.u32(payload.length).bytes(payload)
  return writer.done()
}

function decodeCommands(bytes: Uint8Array): EntryData {
  const reader = new FrameReader(bytes, 'commands')
  const session = decodeSession(reader)
  const number = count(reader.count(), 'commands: number')
  const lowWater = count(reader.count(), 'commands: lowWater')
  const length = reader.u32()
  if (length > MAX_COMMANDS || length * COMMAND_HEADER_BYTES > reader.left) throw malformed(`commands: ${length} of them`)
  const payloads = new Array<Uint8Array>(length)
  for (let i = 0; i < length; i++) payloads[i] = reader.bytes(reader.u32())
  reader.end()
  return { kind: 'commands', session, number, lowWater, payloads, encoded: bytes }
}

/** Of the entry decoded last: one session's entries come in rows, and all of a row share one text. */
let latest = { bytes: new Uint8Array(0), text: '' }

function decodeSession(reader: FrameReader): string {
  const length = reader.u8()
  if (reader.follows(latest.bytes, length)) {
    reader.bytes(length)
    return latest.text
  }
  const text = reader.text(length, MAX_SESSION_BYTES)
  latest = { bytes: utf8.encode(text), text }
  return text
}
