import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHUNK_BYTES, CloseReasons, type CloseReason } from '@mosaik/core'
import { boundedReason, decodeClose, encodeClose } from '../src/net/close-frame.ts'
import { FrameReader } from '../src/net/frame-reader.ts'
import { FrameWriter } from '../src/net/frame-writer.ts'
import type { Batch } from '../src/net/frame-writer.ts'
import { bytes, concat, frame, hex, messageFrame, pattern } from './link-kit.ts'

const MEBIBYTE = 1024 * 1024

function written(write: (writer: FrameWriter) => void): Uint8Array {
  const writer = new FrameWriter()
  write(writer)
  const batches: Uint8Array[] = []
  for (let batch = writer.take(); batch !== undefined; batch = writer.take()) batches.push(batch.bytes)
  expect(writer.bytes).toBe(0)
  return concat(batches)
}

/** Everything a reader finds in these chunks. */
function read(chunks: readonly Uint8Array[], maxMessageBytes = MEBIBYTE) {
  const found: { messages: Uint8Array[]; credits: number[]; reasons: CloseReason[]; violation: string | undefined } = {
    messages: [],
    credits: [],
    reasons: [],
    violation: undefined,
  }
  const reader = new FrameReader(
    {
      onMessage: (payload) => void found.messages.push(payload),
      onCredit: (n) => void found.credits.push(n),
      onClose: (reason) => void found.reasons.push(reason),
    },
    maxMessageBytes,
  )
  reader.grant(2 ** 40)
  for (const chunk of chunks) {
    found.violation = reader.push(chunk)
    if (found.violation !== undefined) break
  }
  return found
}

/** The bytes cut into chunks of the given sizes, over and over. */
function cut(all: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0, i = 0; at < all.length; i++) {
    const size = sizes[i % sizes.length] as number
    chunks.push(all.slice(at, at + size))
    at += size
  }
  return chunks
}

describe('golden vectors', () => {
  const close = boundedReason(CloseReasons.GracefulShutdown)
  const closeWithDetail = boundedReason({ code: 10413, name: 'TooSlow', detail: 'zu langsam – 1,024 waiting' })
  const vectors: [string, (writer: FrameWriter) => void, string][] = [
    ['message', (w) => w.message(new TextEncoder().encode('hi')), '00000003 00 6869'],
    ['empty message', (w) => w.message(new Uint8Array(0)), '00000001 00'],
    ['credit of 1 MiB', (w) => w.credit(MEBIBYTE), '00000005 02 00100000'],
    ['close', (w) => w.close(close), '00000016 03 000000cc 10 477261636566756c53687574646f776e'],
    [
      'close with detail',
      (w) => w.close(closeWithDetail),
      '00000029 03 000028ad 07 546f6f536c6f77 7a75206c616e6773616d20e2809320312c3032342077616974696e67',
    ],
  ]
  it.each(vectors)('%s', (_name, write, expected) => {
    expect(hex(written(write))).toBe(expected.replaceAll(' ', ''))
  })

  it('a part is a header and 1 MiB', () => {
    const all = written((w) => w.part(pattern(MEBIBYTE)))
    expect(hex(all.subarray(0, 5))).toBe('0010000101')
    expect(all.length).toBe(5 + MEBIBYTE)
  })

  it('are read as they were written', () => {
    const all = concat(vectors.map(([, write]) => written(write)))
    const { messages, credits, reasons, violation } = read([all])
    expect(violation).toBeUndefined()
    expect(messages.map(hex)).toEqual(['6869', ''])
    expect(credits).toEqual([MEBIBYTE])
    expect(reasons).toEqual([close, closeWithDetail])
  })
})

describe('writer', () => {
  it('never writes into what was taken, and hands out whole frames', () => {
    const writer = new FrameWriter()
    const taken: { batch: Uint8Array; copy: Uint8Array }[] = []
    let expected = 0
    for (let i = 0; i < 3000; i++) {
      const payload = pattern((i * 37) % 700, i)
      writer.message(payload)
      expected += payload.length + 5
      if (i % 7 !== 0) continue
      const { bytes: batch } = writer.take() as Batch
      taken.push({ batch, copy: batch.slice() })
      expect(read([batch]).violation).toBeUndefined()
    }
    for (const { batch, copy } of taken) expect(Buffer.compare(batch, copy)).toBe(0)
    const left = writer.bytes
    expect(taken.reduce((sum, { batch }) => sum + batch.length, 0) + left).toBe(expected)
  })

  it('gathers small messages into batches of about 64 KiB', () => {
    const writer = new FrameWriter()
    for (let i = 0; i < 4000; i++) writer.message(new Uint8Array(256))
    const sizes: number[] = []
    for (let batch = writer.take(); batch !== undefined; batch = writer.take()) sizes.push(batch.bytes.length)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(64 * 1024)
    expect(sizes.length).toBeLessThan(24)
  })

  it('forgets on clear', () => {
    const writer = new FrameWriter()
    for (let i = 0; i < 1000; i++) writer.message(new Uint8Array(256))
    writer.clear()
    expect(writer.bytes).toBe(0)
    expect(writer.take()).toBeUndefined()
  })
})

describe('reader', () => {
  it('finds the same messages in any cut of the bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 9, arbitrary: fc.nat(300) }, fc.nat(20_000)), { maxLength: 40 }),
        fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 9000 })), { minLength: 1, maxLength: 10 }),
        (sizes, cuts) => {
          const messages = sizes.map((size, i) => pattern(size, i))
          const all = written((w) => {
            for (const message of messages) {
              w.message(message)
              if (message.length % 3 === 0) w.credit(4096)
            }
          })
          const found = read(cut(all, cuts))
          expect(found.violation).toBeUndefined()
          expect(found.messages.map(hex)).toEqual(messages.map(hex))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('puts parts together, with control frames between them', () => {
    const message = pattern(3 * MEBIBYTE + 7)
    const all = written((w) => {
      for (let i = 0; i < 3; i++) {
        w.part(message.subarray(i * MEBIBYTE, (i + 1) * MEBIBYTE))
        w.credit(2048)
      }
      w.message(message.subarray(3 * MEBIBYTE))
      w.message(new Uint8Array([1]))
    })
    for (const sizes of [[all.length], [64 * 1024], [5, 1_000_003]]) {
      const found = read(cut(all, sizes), 4 * MEBIBYTE)
      expect(found.violation).toBeUndefined()
      expect(found.messages.map((m) => m.length)).toEqual([message.length, 1])
      expect(Buffer.compare(found.messages[0] as Uint8Array, message)).toBe(0)
      expect(found.credits).toEqual([2048, 2048, 2048])
    }
  })

  const part = frame(1, pattern(CHUNK_BYTES))
  const hostile: [string, Uint8Array[], RegExp][] = [
    ['an empty frame', [bytes('00000000 00')], /empty frame/],
    ['an unknown kind', [bytes('00000002 04 00')], /unknown frame kind 4/],
    ['a length of 4 GiB', [bytes('ffffffff 00')], /travel in parts/],
    ['a message above the limit', [bytes('00000402 00')], /above 1024 bytes/],
    ['a message of several parts above the limit', [part], /above 1024 bytes/],
    ['a part that is not 1 MiB', [frame(1, new Uint8Array(100))], /part of 100 bytes/],
    ['a credit of 3 bytes', [bytes('00000004 02 000000')], /credit frame of 4 bytes/],
    ['a credit of 5 bytes', [bytes('00000006 02')], /credit frame of 6 bytes/],
    ['a credit that is not worth it', [frame(2, bytes('000003ff'))], /credit of 1023 bytes/],
    ['a close frame that is too long', [bytes('00000447 03')], /close frame of 1095 bytes/],
    ['a close frame that is too short', [frame(3, bytes('000000c8'))], /too short/],
    ['a close frame whose name is longer than itself', [frame(3, bytes('000000c8 05 6161'))], /name in a close frame/],
    ['a close frame with a long name', [frame(3, concat([bytes('000000c8 41'), new Uint8Array(65)]))], /name in a close frame/],
    ['a close frame that is not UTF-8', [frame(3, bytes('000000c8 02 c328'))], /not UTF-8/],
    ['a close frame that says UnexpectedClose', [frame(3, bytes('00000067 01 61'))], /cannot say UnexpectedClose/],
  ]
  it.each(hostile)('refuses %s', (_name, chunks, expected) => {
    expect(read(chunks, 1024).violation).toMatch(expected)
    // the same, byte by byte where that is affordable
    if (chunks[0] !== undefined && chunks[0].length < 2000) expect(read(cut(concat(chunks), [1]), 1024).violation).toMatch(expected)
  })

  it('refuses a message that ends with an empty part', () => {
    expect(read([part, frame(0, new Uint8Array(0))], 2 * MEBIBYTE).violation).toMatch(/empty last part/)
  })

  it('refuses a part when no message that long is taken', () => {
    expect(read([part, part], 2 * MEBIBYTE - 1).violation).toMatch(/above 2097151 bytes/)
  })

  it('takes the longest close frame', () => {
    const reason = { code: 2 ** 32 - 1, name: 'n'.repeat(64), detail: 'd'.repeat(1024) }
    expect(read([written((w) => w.close(boundedReason(reason)))]).reasons).toEqual([reason])
  })

  it('does not allocate what a header promises', () => {
    const before = process.memoryUsage().arrayBuffers
    const readers: FrameReader[] = []
    for (let i = 0; i < 500; i++) {
      const reader = new FrameReader({ onMessage: () => {}, onCredit: () => {}, onClose: () => {} }, 16 * MEBIBYTE)
      expect(reader.push(bytes('00100001 00 aabbcc'))).toBeUndefined()
      readers.push(reader)
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MEBIBYTE)
    expect(readers.length).toBe(500)
  })

  it('says nothing after stop, not even of the chunk it is reading', () => {
    const seen: number[] = []
    const reader: FrameReader = new FrameReader(
      {
        onMessage: (payload) => {
          seen.push(payload.length)
          reader.stop()
        },
        onCredit: () => {},
        onClose: () => {},
      },
      100,
    )
    reader.push(concat([messageFrame(new Uint8Array(1)), messageFrame(new Uint8Array(2))]))
    reader.push(messageFrame(new Uint8Array(3)))
    expect(seen).toEqual([1])
  })
})

describe('close reasons on the wire', () => {
  it('are cut at a character, cleaned of control characters, and survive the way', () => {
    fc.assert(
      fc.property(
        fc.nat(70_000),
        fc.string({ unit: 'binary', maxLength: 90 }),
        fc.string({ unit: 'binary', maxLength: 1500 }),
        (code, name, detail) => {
          const reason = boundedReason({ code, name, detail })
          expect(Buffer.byteLength(reason.name)).toBeLessThanOrEqual(64)
          expect(Buffer.byteLength(reason.detail ?? '')).toBeLessThanOrEqual(1024)
          // oxlint-disable-next-line no-control-regex
          expect(`${reason.name}${reason.detail}`).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/)
          if (code !== CloseReasons.UnexpectedClose.code) expect(decodeClose(encodeClose(reason))).toEqual(reason)
        },
      ),
    )
  })

  it('never print what could forge a line', () => {
    const rest = concat([bytes('000000c8 03'), new TextEncoder().encode('a\nb'), new TextEncoder().encode('x\u001b[2J\r\ny')])
    expect(decodeClose(rest)).toEqual({ code: 200, name: 'a b', detail: 'x [2J  y' })
  })

  it('codes that are none become Cancelled', () => {
    expect(boundedReason({ code: -1, name: 'x' }).code).toBe(102)
    expect(boundedReason({ code: 1.5, name: 'x' }).code).toBe(102)
  })
})

describe('memory of batches', () => {
  const payload = (n: number): Uint8Array => new Uint8Array(1000).fill(n)
  /** Takes batches that fill slabs, and gives back those of `from`. */
  const fill = (writer: FrameWriter, rounds: number): Batch[] => {
    const batches: Batch[] = []
    for (let n = 0; n < rounds; n += 1) {
      writer.message(payload(n & 255))
      for (let batch = writer.takeFull(); batch !== undefined; batch = writer.takeFull()) batches.push(batch)
    }
    return batches
  }

  it('is written again once its batch is done, and only then', () => {
    const writer = new FrameWriter()
    const kept = fill(writer, 1000)
    const copies = kept.map(({ bytes }) => bytes.slice())
    const lent = new Set(kept.map(({ bytes }) => bytes.buffer))
    expect(lent.size).toBe(kept.length)
    for (const { bytes } of fill(writer, 1000)) expect(lent.has(bytes.buffer)).toBe(false)
    expect(kept.map(({ bytes }) => bytes)).toEqual(copies)

    for (const { done } of kept.slice(-2)) done()
    const again = fill(writer, 200).map(({ bytes }) => bytes.buffer)
    expect(kept.slice(-2).every(({ bytes }) => again.includes(bytes.buffer))).toBe(true)
    expect(kept.slice(0, -2).some(({ bytes }) => again.includes(bytes.buffer))).toBe(false)
  })

  it('of a slab that served several batches is written again when all of them are done', () => {
    const writer = new FrameWriter()
    fill(writer, 1000)
    const parts: Batch[] = []
    for (let n = 0; n < 200; n += 1) {
      writer.message(payload(n))
      parts.push(writer.take() as Batch)
    }
    const first = parts.at(-150)?.bytes.buffer
    const served = parts.filter(({ bytes }) => bytes.buffer === first)
    expect(served.length).toBeGreaterThan(2)
    for (const { done } of served.slice(1)) done()
    expect(fill(writer, 300).some(({ bytes }) => bytes.buffer === first)).toBe(false)
    served[0]?.done()
    expect(fill(writer, 300).some(({ bytes }) => bytes.buffer === first)).toBe(true)
  })
})
