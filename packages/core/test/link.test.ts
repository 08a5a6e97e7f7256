import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CloseReasons, createLink, MAX_MESSAGE_BYTES, MosaikError, networkProof, uniqueId, type PeerId } from '@mosaik/core'
import { streamPair } from '../src/testing/stream-pair.ts'
import { collect, hex, linkAndRaw, linked, messageFrame, pattern, testClock } from './link-kit.ts'

const KIBIBYTE = 1024
const MEBIBYTE = 1024 * KIBIBYTE

describe('messages', () => {
  it('arrive as they were sent, both ways, in order', async () => {
    const { clock, a, b } = linked()
    const [atA, atB] = [collect(a), collect(b)]
    for (let i = 0; i < 50; i++) {
      a.send(pattern(i * 11, i))
      b.send(pattern(i * 7, i))
    }
    await clock.run(10)
    expect(atB.map(hex)).toEqual(Array.from({ length: 50 }, (_, i) => hex(pattern(i * 11, i))))
    expect(atA.map(hex)).toEqual(Array.from({ length: 50 }, (_, i) => hex(pattern(i * 7, i))))
    expect(a.queuedBytes).toBe(0)
  })

  it('of one turn leave in one write', async () => {
    const { clock, link, raw } = linkAndRaw()
    for (let i = 0; i < 20; i++) link.send(new Uint8Array([i]))
    expect(link.queuedBytes).toBe(20 * 6)
    await clock.run(1)
    expect(raw.chunks().map((chunk) => chunk.length)).toEqual([20 * 6])
    expect(link.queuedBytes).toBe(0)
  })

  it('arrive identical and in order whatever the sizes, the chunks, the delay and the window of the stream', async () => {
    const size = fc.oneof({ weight: 6, arbitrary: fc.nat(400) }, { weight: 2, arbitrary: fc.nat(60_000) }, fc.nat(300_000))
    await fc.assert(
      fc.asyncProperty(
        fc.array(size, { maxLength: 25 }),
        fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 200, max: 100_000 })), { minLength: 1, maxLength: 5 }),
        fc.record({ delayMs: fc.nat(30), windowBytes: fc.integer({ min: 1000, max: 200_000 }) }),
        fc.boolean(),
        async (sizes, cuts, pair, receiving) => {
          let turn = 0
          // small cuts of long messages only cost time
          const chunk = (available: number): number => Math.max(cuts[turn++ % cuts.length] as number, available >> 6)
          const { clock, a, b } = linked({ windowBytes: 64 * KIBIBYTE, highWaterBytes: 64 * KIBIBYTE }, { ...pair, chunk })
          const sent = sizes.map((bytes, i) => pattern(bytes, i))
          const got: Uint8Array[] = receiving ? [] : collect(b)
          const readAll = async (): Promise<void> => {
            while (got.length < sent.length) got.push(await b.receive())
          }
          const reading = receiving ? readAll() : undefined
          for (const message of sent) a.send(message)
          await clock.run(60_000)
          await reading
          expect(got.length).toBe(sent.length)
          for (const [i, message] of got.entries()) expect(Buffer.compare(message, sent[i] as Uint8Array)).toBe(0)
          const closing = a.close(CloseReasons.Success)
          await clock.run(5_000)
          await closing
          expect([a.ended?.code, b.ended?.code]).toEqual([200, 200])
          expect(clock.pending).toBe(0)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('of 16 MiB pass, where the protocol takes them, and small ones after them', async () => {
    const { clock, a, b } = linked({ maxMessageBytes: MAX_MESSAGE_BYTES }, { delayMs: 1 })
    const got = collect(b)
    const large = pattern(MAX_MESSAGE_BYTES)
    a.send(large)
    a.send(new Uint8Array([7]))
    await clock.run(5_000)
    expect(got.map((m) => m.length)).toEqual([MAX_MESSAGE_BYTES, 1])
    expect(Buffer.compare(got[0] as Uint8Array, large)).toBe(0)
  })

  it('above 16 MiB are refused by the sender', () => {
    const { a } = linked()
    expect(() => a.send(new Uint8Array(MAX_MESSAGE_BYTES + 1))).toThrow(expect.objectContaining({ code: 'ERR_TOO_LARGE' }))
    expect(a.ended).toBeUndefined()
  })

  it('above what the protocol takes end the link for both', async () => {
    const { clock, a, b } = linked({ maxMessageBytes: KIBIBYTE })
    const got = collect(b)
    a.send(new Uint8Array(KIBIBYTE))
    a.send(new Uint8Array(KIBIBYTE + 1))
    await clock.run(10)
    expect(got.length).toBe(1)
    for (const link of [a, b]) expect(link.ended).toMatchObject({ code: 400, detail: 'a message above 1024 bytes' })
  })
})

describe('receive', () => {
  it('answers messages one by one, whether they or it came first', async () => {
    const { clock, a, b } = linked()
    const first = b.receive()
    const second = b.receive()
    for (let i = 1; i <= 3; i++) a.send(new Uint8Array([i]))
    await clock.run(1)
    expect([...(await first), ...(await second), ...(await b.receive())]).toEqual([1, 2, 3])
  })

  it('does not hold on to large chunks for the sake of small messages that wait', async () => {
    const { clock, link, raw } = linkAndRaw()
    const chunk = new Uint8Array(64 * KIBIBYTE)
    for (const size of [3, 20_000]) {
      chunk.set(messageFrame(pattern(size)))
      raw.stream.send(chunk.subarray(0, size + 5))
      await clock.run(1)
      const message = await link.receive()
      expect(hex(message)).toBe(hex(pattern(size)))
      expect(message.buffer.byteLength).toBe(size === 3 ? 3 : chunk.length)
    }
  })

  it('stops waiting when the signal aborts, and loses nothing by it', async () => {
    const { clock, a, b } = linked()
    const abort = new AbortController()
    const given = b.receive({ signal: abort.signal })
    abort.abort(new Error('enough'))
    await expect(given).rejects.toThrow('enough')
    await expect(b.receive({ signal: abort.signal })).rejects.toThrow('enough')
    a.send(new Uint8Array([5]))
    await clock.run(1)
    expect(await b.receive({ signal: new AbortController().signal })).toEqual(new Uint8Array([5]))
  })

  it('answers what came before the end, then rejects with the reason', async () => {
    const { clock, a, b } = linked()
    a.send(new Uint8Array([1]))
    a.send(new Uint8Array([2]))
    const closing = a.close({ code: 10403, name: 'NotAllowed', detail: 'no ticket' })
    await clock.run(5)
    await closing
    expect(b.ended?.code).toBe(10403)
    expect([await b.receive(), await b.receive()].map((m) => m[0])).toEqual([1, 2])
    const error: unknown = await b.receive().catch((e: unknown) => e)
    expect(MosaikError.is(error, 'ERR_CLOSED') && error.value).toEqual({ code: 10403, name: 'NotAllowed', detail: 'no ticket' })
    expect(String(error)).toContain('NotAllowed (10403): no ticket')
  })

  it('rejects when it waits at the end', async () => {
    const { clock, b, lose } = linked()
    const waiting = b.receive()
    lose()
    const rejected = expect(waiting).rejects.toMatchObject({ code: 'ERR_CLOSED', value: { code: 103 } })
    await clock.run(1)
    await rejected
  })

  it('and onMessage exclude each other', async () => {
    const { clock, a, b } = linked()
    const waiting = b.receive()
    expect(() => b.onMessage(() => {})).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }))
    a.send(new Uint8Array([1]))
    await clock.run(1)
    await waiting
    collect(b)
    await expect(b.receive()).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' })
  })
})

describe('onMessage', () => {
  it('takes over after receive, beginning with what waits', async () => {
    const { clock, a, b } = linked()
    for (let i = 1; i <= 5; i++) a.send(new Uint8Array([i]))
    await clock.run(1)
    expect([...(await b.receive())]).toEqual([1])
    const got = collect(b)
    expect(got.map((m) => m[0])).toEqual([2, 3, 4, 5])
    a.send(new Uint8Array([6]))
    await clock.run(1)
    expect(got.at(-1)).toEqual(new Uint8Array([6]))
  })

  it('that throws ends the link and says what it threw; the rest of the chunk is not delivered', async () => {
    for (const late of [false, true]) {
      const { clock, a, b } = linked()
      let calls = 0
      const handler = (): void => {
        calls++
        throw new Error('not a hello')
      }
      if (!late) b.onMessage(handler)
      a.send(new Uint8Array([1]))
      a.send(new Uint8Array([2]))
      await clock.run(1)
      if (late) b.onMessage(handler)
      await clock.run(1)
      expect(calls).toBe(1)
      for (const link of [a, b]) expect(link.ended).toEqual({ ...CloseReasons.ProtocolViolation, detail: 'not a hello' })
    }
  })

  it('is not called after it has closed the link', async () => {
    const { clock, a, b } = linked()
    const got: number[] = []
    b.onMessage((message) => {
      got.push(message[0] as number)
      void b.close(CloseReasons.Success)
    })
    for (let i = 1; i <= 5; i++) a.send(new Uint8Array([i]))
    await clock.run(5)
    expect(got).toEqual([1])
    expect([a.ended?.code, b.ended?.code]).toEqual([200, 200])
  })
})

describe('the deadline of the first message', () => {
  it('ends a silent link with Timeout at both sides', async () => {
    const clock = testClock()
    const { dialer, acceptor } = streamPair({ clock })
    const a = createLink(dialer, { clock, firstMessageMs: 0 })
    const b = createLink(acceptor, { clock })
    await clock.run(9_999)
    expect(b.ended).toBeUndefined()
    await clock.run(10)
    for (const link of [a, b]) expect(link.ended).toMatchObject({ code: 408, detail: 'no message within 10000 ms' })
  })

  it('is met by a message, not by bytes or credit', async () => {
    const { clock, link, raw } = linkAndRaw({ firstMessageMs: 100 })
    raw.stream.send(new Uint8Array([0, 0, 0, 5, 2, 0, 16, 0, 0, 0, 0, 0, 9, 0, 1, 2]))
    await clock.run(101)
    expect(link.ended?.code).toBe(408)
  })

  it('is over after the first message', async () => {
    const { clock, link, raw } = linkAndRaw({ firstMessageMs: 100 })
    raw.stream.send(messageFrame(new Uint8Array(0)))
    await clock.run(10_000)
    expect(link.ended).toBeUndefined()
    expect(clock.pending).toBe(0)
  })
})

describe('options', () => {
  it.each([
    ['maxMessageBytes', MAX_MESSAGE_BYTES + 1],
    ['maxMessageBytes', -1],
    ['windowBytes', 64 * KIBIBYTE - 1],
    ['windowBytes', 64 * MEBIBYTE + 1],
    ['highWaterBytes', 0],
    ['firstMessageMs', -1],
    ['firstMessageMs', Number.NaN],
  ])('%s of %d is refused by name', (name, value) => {
    expect(() => linked({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining(name) }),
    )
  })
})

describe('networkProof', () => {
  const network = uniqueId('my-app')
  const [left, right] = ['12D3KooWLeft', '12D3KooWRight'] as [PeerId, PeerId]
  it('fits one network, one pair and one direction', () => {
    const proof = networkProof(network, left, right)
    expect(proof).toBe('c1fe2b1362a7e553b87275b9794c3a1707e298870c7b000f5a98472248ab6bfb')
    expect(networkProof(network, right, left)).not.toBe(proof)
    expect(networkProof(uniqueId('another'), left, right)).not.toBe(proof)
  })
})
