import { MosaikError, uniqueId } from '@mosaik/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDigest, differingBuckets } from '../src/logic/digest.ts'
import { decodeSync, encodeSync } from '../src/wire/sync.ts'
import type { SyncMessage } from '../src/wire/sync.ts'

const hex = (bytes: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => Buffer.from(value).toString('hex'))
const time = fc.nat(8_640_000_000_000_000)
const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })
const wanted = fc.array(fc.record({ key: hex(16), details: hex(8) }), { maxLength: 20 })
const statements = fc.array(fc.tuple(fc.uint8Array({ maxLength: 256 }), bytes(64), fc.option(fc.uint8Array())), { maxLength: 20 })

const message: fc.Arbitrary<SyncMessage> = fc.oneof(
  fc.record({ type: fc.constant('compare' as const), now: time, root: hex(32).map(uniqueId) }),
  fc.record({ type: fc.constant('buckets' as const), now: time, hashes: fc.option(bytes(2048)) }),
  fc.record({
    type: fc.constant('summary' as const),
    differing: fc.uniqueArray(fc.nat(255)).map((list) => list.sort((a, b) => a - b)),
    items: fc.array(fc.record({ key: hex(16), startedAt: time, updatedAt: time, id: hex(8), details: hex(8) }), { maxLength: 20 }),
  }),
  fc.record({ type: fc.constant('statements' as const), more: fc.boolean(), wanted, statements }),
  fc.record({ type: fc.constant('fetch' as const), wanted }),
)

test('every message comes back as it was (property)', () => {
  fc.assert(
    fc.property(message, (sent) => {
      expect(decodeSync(encodeSync(sent))).toEqual(sent)
    }),
  )
})

test('mutated messages are another message or a typed error (fuzz)', () => {
  fc.assert(
    fc.property(message, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }), fc.nat(), (sent, changes, cut) => {
      let encoded = encodeSync(sent)
      for (const [at, value] of changes) encoded[at % encoded.length] = value
      if (cut % 3 === 0) encoded = encoded.subarray(0, cut % encoded.length)
      try {
        decodeSync(encoded)
        return true
      } catch (error) {
        return MosaikError.is(error, 'ERR_PROTOCOL')
      }
    }),
    { numRuns: 2000 },
  )
})

test('a digest shows where two catalogs differ, whatever the order of what happened (property)', () => {
  const entry = fc.tuple(hex(16), hex(32).map(uniqueId))
  fc.assert(
    fc.property(fc.uniqueArray(entry, { selector: ([key]) => key, maxLength: 30 }), fc.array(fc.nat()), (entries, dropped) => {
      const [a, b] = [createDigest(), createDigest()]
      for (const [key, id] of entries) a.set(key, id)
      for (const [key, id] of entries.toReversed()) b.set(key, uniqueId('something before'.concat(id)))
      for (const [key, id] of entries.toReversed()) b.set(key, id)
      expect(b.root()).toBe(a.root())
      const gone = new Set(entries.length === 0 ? [] : dropped.map((i) => (entries[i % entries.length] as [string, string])[0]))
      for (const key of gone) b.delete(key)
      const expected = [...new Set([...gone].map((key) => Number.parseInt(key.slice(0, 2), 16)))].sort((x, y) => x - y)
      expect(differingBuckets(a.hashes(), b.hashes())).toEqual(expected)
      expect(a.root() === b.root()).toBe(gone.size === 0)
    }),
  )
})
