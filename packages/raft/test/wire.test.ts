import { generateSecretKey, MosaikError, peerIdOf, uniqueId } from '@mosaik/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Configuration } from '../src/logic/configuration.ts'
import type { EntryData } from '../src/logic/entry.ts'
import type { Lineage, LineageFacts } from '../src/logic/lineage.ts'
import type { Content, Message } from '../src/logic/messages.ts'
import { Log } from '../src/logic/log.ts'
import { DEFAULT_LIMITS } from '../src/logic/options.ts'
import type { MemberId } from '../src/logic/types.ts'
import { MAX_BULK_BYTES } from '../src/bond/wire/protocol.ts'
import { decodeEntryData, encodeEntryData, MAX_COMMAND_BYTES, MAX_COMMANDS } from '../src/wire/entry-codec.ts'
import { decodeMessage, encodeMessage } from '../src/wire/message-codec.ts'

const peers = Array.from({ length: 3 }, () => peerIdOf(generateSecretKey()))
const ids = fc.constantFrom(uniqueId('a'), uniqueId('b'))
const lives = fc.constantFrom('0123456789abcdef', 'ffffffffffffffff')
const counts = fc.oneof(fc.nat(), fc.constantFrom(0, Number.MAX_SAFE_INTEGER))
const cursors = fc.record({ term: counts, index: counts })
const members: fc.Arbitrary<MemberId> = fc.record({ peerId: fc.constantFrom(...peers), incarnation: lives })
const configurations: fc.Arbitrary<Configuration> = fc.record({
  voters: fc.array(fc.record({ peerId: fc.constantFrom(...peers), incarnation: lives, durable: fc.boolean() }), { maxLength: 5 }),
})
const origin = { parent: ids, fork: cursors, shared: counts }
const lineages: fc.Arbitrary<Lineage> = fc.record({ id: ids, ...origin }, { requiredKeys: ['id'] })
const facts: fc.Arbitrary<LineageFacts> = fc.record(
  { id: ids, ...origin, commands: counts, entries: counts, quorum: fc.boolean() },
  { requiredKeys: ['id', 'commands', 'entries', 'quorum'] },
)
const sessions = fc.string({ minLength: 1, maxLength: 16 }).filter((text) => /^[\x20-\x7e]+$/.test(text))
const commands = fc.record({
  kind: fc.constant('commands' as const),
  session: sessions,
  number: counts,
  lowWater: counts,
  payloads: fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 5 }),
})
const data: fc.Arbitrary<EntryData> = fc.oneof<fc.Arbitrary<EntryData>[]>(
  commands,
  fc.record(
    { kind: fc.constant('founding' as const), lineage: ids, founder: members, configuration: configurations, ...origin },
    { requiredKeys: ['kind', 'lineage', 'founder', 'configuration'] },
  ),
  fc.record({ kind: fc.constant('configuration' as const), configuration: configurations }),
  fc.constant({ kind: 'no-op' as const }),
  fc.record({ kind: fc.constantFrom('session-open' as const, 'session-expire' as const), session: sessions }),
  fc.constant({ kind: 'snapshot-mark' as const }),
  fc.record({ kind: fc.constant('snapshot-root' as const), mark: counts, root: sessions }),
  fc.record({ kind: fc.constant('meet' as const), other: ids }),
  fc.record({ kind: fc.constant('yield' as const), to: ids }),
)
const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined })
const snapshots = fc.record({
  lineage: lineages,
  index: counts,
  term: counts,
  root: sessions,
  hash: counts,
  commands: counts,
  configuration: configurations,
  configurationIndex: counts,
  meets: fc.array(fc.record({ other: ids, facts }), { maxLength: 3 }),
})
const content = fc.oneof(
  fc.record({
    type: fc.constant('hello' as const),
    preference: fc.oneof(fc.constantFrom('normal' as const, 'observer' as const), fc.record({ reluctant: fc.constantFrom(1, 2.5) })),
    durable: fc.boolean(),
    origin: maybe(facts),
    last: cursors,
    committed: cursors,
    led: fc.boolean(),
    configuration: configurations,
  }),
  fc.record({ type: fc.constant('vote' as const), pre: fc.boolean(), campaign: counts, last: cursors, transfer: fc.boolean() }),
  fc.record({
    type: fc.constant('vote-answer' as const),
    pre: fc.boolean(),
    campaign: counts,
    verdict: fc.constantFrom('granted' as const, 'denied' as const, 'abstained' as const),
  }),
  fc.record({ type: fc.constant('append-answer' as const), index: counts, hint: maybe(cursors) }),
  fc.record({
    type: fc.constant('heartbeat' as const),
    commit: counts,
    round: counts,
    answer: fc.boolean(),
    hash: maybe(counts),
    leading: fc.boolean(),
    idle: fc.boolean(),
  }),
  fc.record({ type: fc.constant('heartbeat-answer' as const), round: counts, idle: fc.boolean() }),
  fc.record({ type: fc.constant('read' as const), ticket: counts }),
  fc.record({ type: fc.constant('read-answer' as const), ticket: counts, index: maybe(counts) }),
  fc.record({ type: fc.constant('forward' as const), proposals: fc.array(fc.record({ id: counts, data: commands }), { maxLength: 3 }) }),
  fc.record({
    type: fc.constant('forward-answer' as const),
    accepted: fc.array(fc.record({ id: counts, index: counts }), { maxLength: 3 }),
    refused: fc.array(counts, { maxLength: 3 }),
  }),
  fc.record({ type: fc.constant('transfer' as const), to: maybe(fc.constantFrom(...peers)) }),
  fc.constant({ type: 'timeout-now' as const }),
  fc.record({ type: fc.constant('departure' as const), isLeaving: fc.boolean() }),
  fc.record({ type: fc.constant('snapshot-offer' as const), snapshot: snapshots }),
  fc.record({ type: fc.constant('snapshot-report' as const), mark: counts, root: sessions }),
  fc.record({ type: fc.constant('founding' as const), lineageToBe: ids, parent: maybe(ids), last: cursors }),
  fc.record({ type: fc.constant('founding-answer' as const), lineageToBe: ids, granted: fc.boolean(), committed: cursors, last: cursors }),
  fc.record({ type: fc.constant('audit' as const), index: counts, hash: counts, answer: fc.boolean() }),
  fc.record({ type: fc.constant('meet' as const), other: ids, facts }),
) as fc.Arbitrary<Content>
const envelope = { lineage: ids, term: counts, incarnation: lives }
const messages: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ ...envelope, lineage: maybe(ids) }).chain((e) => content.map((c): Message => ({ ...e, ...c }))),
  fc
    .record({ ...envelope, commit: counts, previous: fc.record({ term: counts, index: fc.nat() }), said: fc.array(data, { maxLength: 4 }) })
    .map(({ said, ...rest }): Message => {
      const entries = said.map((one, i) => ({ index: rest.previous.index + 1 + i, term: rest.term, data: one }))
      return { type: 'append', ...rest, entries }
    }),
)

/** Without the bytes that entries keep of themselves. */
const bare = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(bare)
    : typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([name]) => name !== 'encoded')
            .map(([name, field]) => [name, bare(field)]),
        )
      : value instanceof Uint8Array
        ? [...value]
        : value

const refusals = (decode: () => unknown): void => {
  try {
    decode()
  } catch (error) {
    expect(MosaikError.is(error, 'ERR_PROTOCOL'), String(error)).toBe(true)
  }
}

describe('entries on the wire', () => {
  it('come back as they were, and are encoded once', () => {
    fc.assert(
      fc.property(data, (one) => {
        const bytes = encodeEntryData(one)
        expect(encodeEntryData(one)).toBe(bytes)
        expect(bare(decodeEntryData(bytes))).toEqual(bare(one))
        expect(encodeEntryData(decodeEntryData(bytes))).toBe(bytes)
      }),
    )
  })
})

describe('the largest that a member may propose', () => {
  const session = 'x'.repeat(64)
  const say = { lineage: uniqueId('a'), term: 1, incarnation: '0123456789abcdef' }
  const forwarded = (payload: Uint8Array): Message => {
    const proposed = { kind: 'commands' as const, session, number: 1, lowWater: 1, payloads: [payload] }
    return { ...say, type: 'forward', proposals: [{ id: 1, data: proposed }] }
  }

  it('fits into each frame that carries it', () => {
    const frame = encodeMessage(forwarded(new Uint8Array(MAX_COMMAND_BYTES)))
    const { proposals } = decodeMessage(frame) as Message & { type: 'forward' }
    const entries = [{ index: 1, term: 1, data: proposals[0]!.data }]
    const previous = { term: 0, index: 0 }
    const frames = [{ type: 'append', previous, entries, commit: 0 } as const, { type: 'fetched', previous, entries } as const]
    for (const { length } of [frame, ...frames.map((content) => encodeMessage({ ...say, ...content }))]) {
      expect(length).toBeLessThan(MAX_BULK_BYTES)
    }
  })

  it('is as much as a leader takes: more might not fit into what it sends', () => {
    const frame = encodeMessage(forwarded(new Uint8Array(MAX_COMMAND_BYTES + 1)))
    expect(frame.length).toBeLessThan(MAX_BULK_BYTES)
    expect(() => decodeMessage(frame)).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL' }))
  })

  it('is so many commands', () => {
    const batch = (count: number): EntryData => {
      const payloads = new Array<Uint8Array>(count).fill(new Uint8Array())
      return { kind: 'commands', session, number: 1, lowWater: 1, payloads }
    }
    expect(decodeEntryData(encodeEntryData(batch(MAX_COMMANDS)))).toMatchObject({ kind: 'commands' })
    expect(() => decodeEntryData(encodeEntryData(batch(MAX_COMMANDS + 1)))).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL' }))
  })
})

it('an append of configurations is cut by what they take on the wire', () => {
  const voters = Array.from({ length: 255 }, () => ({ peerId: peers[0]!, incarnation: '0123456789abcdef', durable: false }))
  const log = new Log()
  for (let index = 1; index <= 1_024; index++) log.append({ index, term: 1, data: { kind: 'configuration', configuration: { voters } } })
  const { frameEntries, frameBytes } = DEFAULT_LIMITS
  const entries = log.slice(1, log.frameEnd(1, frameEntries, frameBytes))
  const say = { lineage: uniqueId('a'), term: 1, incarnation: '0123456789abcdef', previous: { term: 0, index: 0 }, commit: 0 }
  expect(encodeMessage({ ...say, type: 'append', entries }).length).toBeLessThan(1.25 * frameBytes)
})

describe('messages on the wire', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(bare(decodeMessage(encodeMessage(message)))).toEqual(bare(message))
      }),
    )
  })

  it('are refused with ERR_PROTOCOL when they are cut or changed, if they are refused', () => {
    fc.assert(
      fc.property(messages, fc.nat(), fc.nat(255), fc.boolean(), (message, at, value, cut) => {
        const bytes = encodeMessage(message).slice()
        if (cut) return refusals(() => decodeMessage(bytes.subarray(0, at % bytes.length)))
        bytes[at % bytes.length] = value
        refusals(() => decodeMessage(bytes))
      }),
      { numRuns: 1_000 },
    )
  })

  it('random bytes are refused with ERR_PROTOCOL, if they are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(20), (noise, kind) =>
        refusals(() => decodeMessage(Uint8Array.of(kind, ...noise))),
      ),
    )
    expect(() => decodeMessage(new Uint8Array(0))).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL' }))
  })

  it('members cannot forward what only a leader writes', () => {
    const forged = {
      type: 'forward',
      lineage: undefined,
      term: 1,
      incarnation: '0123456789abcdef',
      proposals: [{ id: 1, data: { kind: 'no-op' } }],
    }
    expect(() => decodeMessage(encodeMessage(forged as unknown as Message))).toThrow('propose no no-op')
  })
})

it.each(['session-open', 'session-expire'] as const)('%s names a session that a snapshot can name', (kind) => {
  const named = (session: string): Uint8Array => encodeEntryData({ kind, session })
  expect(decodeEntryData(named('é'.repeat(32)))).toMatchObject({ kind, session: 'é'.repeat(32) })
  expect(() => decodeEntryData(named('é'.repeat(33)))).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL' }))
})
