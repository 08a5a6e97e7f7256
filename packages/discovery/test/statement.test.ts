import { canonical, createTicket, MosaikError, signWith, toBytes, uniqueId } from '@mosaik/core'
import type { UniqueId } from '@mosaik/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { freezeDetails } from '../src/logic/entry.ts'
import { compareVersions } from '../src/logic/statement.ts'
import { checkLimits, decodeDetails, encodeDetails } from '../src/wire/details.ts'
import { MAX_TAGS, MAX_TICKETS } from '../src/wire/limits.ts'
import {
  decodeAnnouncement,
  decodeDetailsOf,
  decodeHead,
  decodeStatement,
  encodeAnnouncement,
  encodeStatement,
  networkMark,
  signStatement,
  verifyHead,
} from '../src/wire/statement.ts'
import { author, details, NETWORK, statement } from './builders.ts'

const MARK = networkMark(NETWORK)
const alice = author('alice')

describe('details', () => {
  test('come back as they were, whatever the order they were given in', () => {
    const tickets = [createTicket('a', 'one'), createTicket('b', 'two'), createTicket('a', 'three')]
    const addresses = ['/ip4/127.0.0.1/udp/1/quic-v1', `/ip4/127.0.0.1/udp/2/quic-v1/p2p/${alice.id}`]
    const encoded = encodeDetails(details({ addresses, tags: ['x', 'y', 'z'], tickets }))
    const again = encodeDetails(details({ addresses, tags: ['z', 'x', 'y'], tickets: tickets.toReversed() }))
    expect(again.id).toBe(encoded.id)
    const decoded = decodeDetails(encoded.bytes, alice.id)
    expect(decoded.addresses).toEqual(addresses)
    expect([...decoded.tags].sort()).toEqual(['x', 'y', 'z'].map(uniqueId).sort())
    expect(new Set(decoded.tickets.map(({ id }) => id))).toEqual(new Set(tickets.map(({ id }) => id)))
    expect(decoded.id).toBe(encoded.id)
  })

  test('have the hints of those groups that show one', () => {
    const [a, b] = ['00', '11'].map((byte) => uniqueId(byte.repeat(32))) as [UniqueId, UniqueId]
    const bare = freezeDetails({ addresses: [], tags: [], streams: [], groups: [b, a], tickets: [] })
    const hinted = freezeDetails({ ...bare, hints: [[b, '0102030405060708']] })
    const decoded = decodeDetails(encodeDetails(hinted).bytes, alice.id)
    expect([decoded.groups, decoded.hints]).toEqual([new Set([a, b]), new Map([[b, '0102030405060708']])])
    expect(decodeDetails(encodeDetails(bare).bytes, alice.id).hints.size).toBe(0)
    expect(encodeDetails(hinted).bytes.length - encodeDetails(bare).bytes.length).toBe(17)
  })

  test.each([
    [
      'ids out of order',
      [
        [],
        new Uint8Array([...toBytes(uniqueId('ff'.repeat(32))), ...toBytes(uniqueId('00'.repeat(32)))]),
        new Uint8Array(),
        new Uint8Array(),
        [],
      ],
    ],
    ['an id twice', [[], new Uint8Array(64), new Uint8Array(), new Uint8Array(), []]],
    ['half an id', [[], new Uint8Array(33), new Uint8Array(), new Uint8Array(), []]],
    [
      'an address of another peer',
      [[`/ip4/127.0.0.1/udp/2/quic-v1/p2p/${author('bob').id}`], new Uint8Array(), new Uint8Array(), new Uint8Array(), []],
    ],
    ['no address at all', [['hello'], new Uint8Array(), new Uint8Array(), new Uint8Array(), []]],
    [
      'too many addresses',
      [Array.from({ length: 33 }, (_, i) => `/ip4/127.0.0.1/udp/${i}`), new Uint8Array(), new Uint8Array(), new Uint8Array(), []],
    ],
    ['too many tags', [[], new Uint8Array((MAX_TAGS + 1) * 32), new Uint8Array(), new Uint8Array(), []]],
    ['a ticket with a short class', [[], new Uint8Array(), new Uint8Array(), new Uint8Array(), [[new Uint8Array(31), new Uint8Array()]]]],
    [
      'too many tickets',
      [
        [],
        new Uint8Array(),
        new Uint8Array(),
        new Uint8Array(),
        Array.from({ length: MAX_TICKETS + 1 }, () => [new Uint8Array(32), new Uint8Array()]),
      ],
    ],
    ['a field less', [[], new Uint8Array(), new Uint8Array(), new Uint8Array()]],
    ['a field more', [[], new Uint8Array(), new Uint8Array(), new Uint8Array(32), [], new Uint8Array(8).fill(1), 0]],
    ['hints of no group', [[], new Uint8Array(), new Uint8Array(), new Uint8Array(), [], new Uint8Array()]],
    ['too many hints', [[], new Uint8Array(), new Uint8Array(), new Uint8Array(32), [], new Uint8Array(16).fill(1)]],
    ['hints that are none', [[], new Uint8Array(), new Uint8Array(), new Uint8Array(32), [], new Uint8Array(8)]],
  ])('with %s are malformed', (_, value) => {
    expect(() => decodeDetails(canonical(value as never), alice.id)).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL' }))
  })

  test('over a limit are refused where they are made', () => {
    const tooLarge = expect.objectContaining({ code: 'ERR_TOO_LARGE' })
    expect(() => checkLimits(details({ tags: Array.from({ length: MAX_TAGS + 1 }, (_, i) => `${i}`) }))).toThrow(tooLarge)
    expect(() => checkLimits(details({ tickets: [createTicket('a', new Uint8Array(128 * 1024 + 1))] }))).toThrow(tooLarge)
    expect(() =>
      checkLimits(details({ tickets: Array.from({ length: 5 }, (_, i) => createTicket(`${i}`, new Uint8Array(120 * 1024))) })),
    ).toThrow(tooLarge)
    const fits = details({ tags: Array.from({ length: 500 }, (_, i) => `${i}`), tickets: [createTicket('a', new Uint8Array(16 * 1024))] })
    expect(() => checkLimits(fits)).not.toThrow()
  })
})

describe('a head', () => {
  const said = statement(alice, { startedAt: 1, updatedAt: 2, tags: ['a'] })

  test('is small, signed, and names its details', () => {
    const announced = encodeAnnouncement(said.head)
    expect(announced.length).toBeLessThan(256)
    const [bytes, signature] = decodeAnnouncement(announced)
    const { head, foreign } = decodeHead([bytes, signature], MARK)
    expect(foreign).toBe(false)
    expect(head).toEqual(said.head)
    expect(verifyHead(head)).toBe(true)
    expect(decodeDetailsOf(head, said.details?.bytes ?? new Uint8Array()).tags).toEqual(new Set([uniqueId('a')]))
    const complete = encodeAnnouncement(said.head, said.details)
    expect(decodeAnnouncement(complete)[2]).toEqual(said.details?.bytes)
    const tags = Array.from({ length: 100 }, (_, i) => `${i}`)
    const long = statement(alice, { startedAt: 1, updatedAt: 2, tags })
    expect(() => decodeAnnouncement(encodeAnnouncement(long.head, long.details))).toThrow(/too long/)
  })

  test('of another network is told apart, and reveals no network id', () => {
    const other = statement(alice, { updatedAt: 2, networkId: uniqueId('other') })
    expect(decodeHead([other.head.bytes, other.head.signature], MARK).foreign).toBe(true)
    expect(Buffer.from(said.head.bytes).includes(Buffer.from(toBytes(NETWORK)))).toBe(false)
  })

  test('has bytes that do not change between versions of this package', () => {
    const golden = signStatement(
      { peerId: alice.id, startedAt: 1_700_000_000_000, updatedAt: 1_700_000_000_001, details: encodeDetails(details({ tags: ['a'] })) },
      MARK,
      (bytes) => signWith(alice.key, bytes),
    )
    expect(Buffer.from(golden.details?.bytes ?? []).toString('hex')).toMatchInlineSnapshot(
      `"8580582017762fddd969a453925d65717ac3eea21320b66b54342fde15128d6caf21215f404080"`,
    )
    expect(Buffer.from(golden.head.bytes).toString('hex')).toMatchInlineSnapshot(
      `"860158200881fbf906065c940c4b5893185e2e4bd7e35320443b1f4419da53eafee7170a7834313244334b6f6f5742684b76593752636e52364b6f4c4e416a745878686f5470554a5641527274315865656679616950336e336f1b0000018bcfe568001b0000018bcfe5680158203bb8e6187eaa949aa8b160c81d25fee4a654904bc4c647220bbd09b08e0e7cf0"`,
    )
    expect(golden.head.id).toMatchInlineSnapshot(`"632d431772932f982c7eaf8b18ff906d0991b9d1334606f7189bf031cea7f7a7"`)
    expect(Buffer.from(golden.head.signature).toString('hex')).toMatchInlineSnapshot(
      `"d65a277a5d78bbfdef443ed457965d8a2c60fc03925ba7122c077e84d53670b52cc08eae9c8dc764da3b2b32dce31aa5e29b3e68c37a1fab711f61ccaa81e10a"`,
    )
  })

  test('is genuine only as its author signed it', () => {
    const bytes = encodeStatement(said)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const mutated = bytes.slice()
        mutated[at] = (mutated[at] as number) ^ flip
        try {
          const [head, signature, more] = decodeStatement(mutated)
          const decoded = decodeHead([head, signature], MARK)
          const genuine = !decoded.foreign && verifyHead(decoded.head)
          if (genuine && more !== null) decodeDetailsOf(decoded.head, more)
          return !genuine
        } catch (error) {
          return MosaikError.is(error, 'ERR_PROTOCOL')
        }
      }),
      { numRuns: 500 },
    )
  })
})

test('no bytes at all do anything to the decoders but a typed error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      for (const decode of [decodeStatement, decodeAnnouncement, (b: Uint8Array) => decodeDetails(b, alice.id)]) {
        try {
          decode(bytes)
        } catch (error) {
          if (!MosaikError.is(error, 'ERR_PROTOCOL')) return false
        }
      }
      return true
    }),
    { numRuns: 1000 },
  )
})

test('versions are totally ordered: later first of all, then the later run, then the digest', () => {
  const version = fc.record({ startedAt: fc.nat(2), updatedAt: fc.nat(2), id: fc.constantFrom('a', 'b') })
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0)
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) expect(compareVersions(a, c)).toBeLessThanOrEqual(0)
      if (a.updatedAt > b.updatedAt) expect(compareVersions(a, b)).toBeGreaterThan(0)
    }),
  )
})
