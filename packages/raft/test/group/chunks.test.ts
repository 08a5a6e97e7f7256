import { readFileSync } from 'node:fs'
import { systemClock } from '@mosaik/core/system'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StoredSession } from '../../src/logic/sessions.ts'
import { holdState } from '../../src/driver/held-state.ts'
import { MachineHost } from '../../src/driver/machine-host.ts'
import { SessionReceiver, sessionSource } from '../../src/driver/session-items.ts'
import { Turns } from '../../src/driver/turns.ts'
import type { SnapshotItem, SnapshotSource } from '../../src/types.ts'
import { CHUNK_BYTES, Chunker, Unchunker } from '../../src/wire/chunks.ts'
import type { Chunk } from '../../src/wire/chunks.ts'

type Plain = readonly (readonly [number, number])[]

/** Items with ascending keys of four bytes and values of so many bytes. */
function sectionOf(sizes: readonly number[], step = 1): SnapshotSource {
  const items = sizes.map((size, i): SnapshotItem => {
    const key = Buffer.alloc(4)
    key.writeUInt32BE(i * step)
    return [key, Buffer.alloc(size, i + 1)]
  })
  return listed(items)
}

function listed(items: readonly SnapshotItem[]): SnapshotSource {
  return { count: items.length, items: (from) => items.filter(([key]) => from === undefined || Buffer.compare(key, from) >= 0) }
}

function allOf(chunker: Chunker): Chunk[] {
  const chunks: Chunk[] = []
  for (let chunk = chunker.next(); chunk !== undefined; chunk = chunker.next()) chunks.push(chunk)
  return chunks
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const textOf = ([key, value]: SnapshotItem): string => `${hex(key)} ${value.length} ${hex(value.subarray(0, 4))}`
const sizes = fc.array(fc.oneof({ weight: 8, arbitrary: fc.nat(3_000) }, { weight: 1, arbitrary: fc.nat(3 * CHUNK_BYTES) }), {
  maxLength: 60,
})

describe('a state in chunks', () => {
  it('comes back as it was, section by section', () => {
    fc.assert(
      fc.property(fc.array(sizes, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 40 }), (all, maxItems) => {
        const sections = all.map((each) => sectionOf(each))
        const unchunker = new Unchunker()
        const found: SnapshotItem[][] = sections.map(() => [])
        for (const { bytes } of allOf(new Chunker(sections, maxItems))) {
          expect(bytes.length).toBeLessThanOrEqual(CHUNK_BYTES)
          const { section, items } = unchunker.read(bytes)
          expect(items.length).toBeLessThanOrEqual(maxItems)
          found[section]!.push(...items)
        }
        unchunker.end()
        expect(found.map((items) => items.map(textOf))).toEqual(sections.map((section) => [...section.items()].map(textOf)))
      }),
      { numRuns: 40 },
    )
  })

  it('can be made again from the start of any of them, as who has only read them knows it', () => {
    fc.assert(
      fc.property(sizes, sizes, fc.integer({ min: 1, max: 40 }), (one, other, maxItems) => {
        const sections = [sectionOf(one), sectionOf(other, 7)]
        const chunks = allOf(new Chunker(sections, maxItems))
        const unchunker = new Unchunker()
        for (const { bytes } of chunks) unchunker.read(bytes)
        expect(unchunker.starts).toHaveLength(chunks.length)
        for (const [i, { start, bytes }] of chunks.entries()) {
          for (const from of [start, unchunker.starts[i]!]) {
            expect(Buffer.compare(new Chunker(sections, maxItems, from).next()!.bytes, bytes)).toBe(0)
          }
        }
      }),
      { numRuns: 20 },
    )
  })

  it('is the same for the same items, whatever else is the matter', () => {
    const items = [...sectionOf([5, 0, 70_000, 300_000, 1]).items()]
    const copied = items.map(([key, value]): SnapshotItem => [new Uint8Array(key), new Uint8Array(value)])
    const bytesOf = (all: readonly SnapshotItem[]): string[] =>
      allOf(new Chunker([listed([]), listed(all)], 2)).map(({ bytes }) => hex(bytes))
    expect(bytesOf(copied)).toEqual(bytesOf(items))
  })

  it('has the bytes that the protocol page shows', async () => {
    const items = listed([[Buffer.of(1), Buffer.of(0x0a)], [Buffer.of(2), Buffer.of(0x0b, 0x0c)]]) // prettier-ignore
    const { signal } = new AbortController()
    const state = await holdState([listed([]), items], 2_000, { turns: new Turns(systemClock), signal })
    expect(state.count).toBe(1)
    const page = readFileSync(new URL('../../../../docs/protocol/groups.md', import.meta.url), 'utf8').replaceAll(' ', '')
    expect(page).toContain(`\nchunk${hex(state.chunk(0)!)}\npart0${hex(state.hashes)}\nroot${state.root}\n`)
  })

  it('refuses items that are out of order', () => {
    const items: Plain = [[1, 1], [3, 1], [3, 1]] // prettier-ignore
    const source: SnapshotSource = { count: 3, items: () => items.map(([key, value]) => [Buffer.of(key), Buffer.of(value)]) }
    expect(() => allOf(new Chunker([source], 10))).toThrowError(/out of order/)
  })

  it('refuses chunks that are none', () => {
    const good = allOf(new Chunker([sectionOf([10, 600_000])], 10)).map(({ bytes }) => bytes)
    const read = (...chunks: Uint8Array[]): void => {
      const unchunker = new Unchunker()
      for (const chunk of chunks) unchunker.read(chunk)
      unchunker.end()
    }
    read(...good)
    expect(() => read(new Uint8Array())).toThrowError(/malformed chunk/)
    expect(() => read(good[0]!.subarray(0, 15))).toThrowError(/malformed chunk/)
    expect(() => read(...good.slice(0, -1))).toThrowError(/not complete/)
    expect(() => read(...good.slice(0, 2), good[0]!)).toThrowError(/not complete/)
    expect(() => read(...good, good[1]!, good[1]!, good[1]!)).toThrowError(/too large/)
  })
})

describe('a machine with items', () => {
  const hostOf = (source: SnapshotSource): MachineHost => {
    const receiver = (): never => {
      throw new Error('no room')
    }
    return new MachineHost({ name: 'broken', apply: () => {}, query: () => {}, source: () => source, receiver })
  }
  const codeOf = (work: () => unknown): unknown => {
    try {
      return work()
    } catch (error) {
      return (error as { code?: unknown }).code
    }
  }

  it('whose view changes, or that throws, ends the group and not the process', () => {
    const items = [...sectionOf([1, 2, 3]).items()]
    const changed = hostOf({ count: 4, items: () => items }).source()
    expect(codeOf(() => allOf(new Chunker([changed], 10)))).toBe('ERR_GROUP_FAILED')
    const throwing = hostOf({
      count: 4,
      items: () => {
        throw new Error('no')
      },
    })
    expect(codeOf(() => allOf(new Chunker([throwing.source()], 10)))).toBe('ERR_GROUP_FAILED')
    expect(codeOf(() => throwing.receiver())).toBe('ERR_GROUP_FAILED')
    const whole = hostOf(listed(items)).source()
    expect(allOf(new Chunker([whole], 2))).toHaveLength(2)
    expect(new Chunker([whole], 2, { section: 0, key: items[2]![0], offset: 0 }).next()?.bytes).toHaveLength(1 + 8 + 4 + 3)
  })
})

describe('sessions as items', () => {
  const replies = { encodeReply: (reply: unknown) => Buffer.of(reply as number), decodeReply: (bytes: Uint8Array) => bytes[0] }
  const stored: StoredSession[] = ['bb', 'é', 'a', 'zz.12', 'b'].map((session, i) => ({
    session,
    lastUsed: 100 + i,
    lowWater: i,
    outcomes: Array.from({ length: i * 3 }, (_, j) => ({ number: i + j, outcome: { index: 50 + j, replies: [i, j] } })),
  }))

  it('come back, in the order of their keys, from any key on', () => {
    const source = sessionSource(stored, replies)
    const items = [...source.items()]
    expect(items).toHaveLength(source.count)
    for (const [i, [key]] of items.entries()) {
      if (i > 0) expect(Buffer.compare(items[i - 1]![0], key)).toBe(-1)
      expect([...source.items(key)].map(textOf)).toEqual(items.slice(i).map(textOf))
    }
    const receiver = new SessionReceiver(replies)
    for (const item of items) receiver.add([item])
    const byName = (a: StoredSession, b: StoredSession): number => (a.session < b.session ? -1 : 1)
    expect([...receiver.sessions].sort(byName)).toEqual([...stored].sort(byName))
  })

  it('refuse what is no session', () => {
    const receiver = new SessionReceiver(replies)
    expect(() => receiver.add([[Buffer.of(1, 97, 0, 0, 0, 0, 0, 0, 0, 1), Buffer.of(0x82, 0, 0x80)]])).toThrowError(/without a session/)
    expect(() => receiver.add([[Buffer.of(1, 97), Buffer.of(0x80)]])).toThrowError(/malformed session/)
  })
})
