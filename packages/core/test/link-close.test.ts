import { describe, expect, it } from 'vitest'
import { CloseReasons, createLink } from '@mosaik/core'
import { streamPair } from '../src/testing/stream-pair.ts'
import { bytes, collect, concat, frame, hex, linkAndRaw, linked, pattern, testClock } from './link-kit.ts'

const KIBIBYTE = 1024
const { Success, GracefulShutdown, ProtocolViolation, UnexpectedClose } = CloseReasons
const closeFrame = (code: number, name: string): Uint8Array => {
  const text = new TextEncoder().encode(name)
  const head = new Uint8Array(5)
  new DataView(head.buffer).setUint32(0, code)
  head[4] = text.length
  return frame(3, concat([head, text]))
}

describe('close', () => {
  it('delivers everything queued before the reason, credit or not, and both sides see the same', async () => {
    const { clock, a, b } = linked({ windowBytes: 64 * KIBIBYTE }, { delayMs: 2, windowBytes: 10_000 })
    const got = collect(b)
    const order: string[] = []
    void b.closed.then(() => order.push(`closed after ${got.length}`))
    for (let i = 0; i < 2000; i++) a.send(pattern(1000, i))
    const reason = { code: 10413, name: 'TooSlow', detail: 'backlog of 1024' }
    const closing = a.close(reason, 60_000)
    await clock.run(60_000)
    await closing
    expect(order).toEqual(['closed after 2000'])
    expect(got.every((message, i) => Buffer.compare(message, pattern(1000, i)) === 0)).toBe(true)
    expect(a.ended).toEqual(reason)
    expect(b.ended).toEqual(reason)
    expect(clock.pending).toBe(0)
  })

  it('keeps the first reason; a second one waits for the same end', async () => {
    const { clock, a, b } = linked()
    const both = Promise.all([a.close(Success), a.close(GracefulShutdown)])
    a.abort(ProtocolViolation)
    await clock.run(10)
    await both
    expect([a.ended, b.ended]).toEqual([Success, Success])
    await a.close(GracefulShutdown) // long over
  })

  it('from both sides at once: both keep that of the side that opened the stream', async () => {
    const { clock, a, b } = linked({}, { delayMs: 20 })
    const both = Promise.all([a.close(Success), b.close(GracefulShutdown)])
    await clock.run(100)
    await both
    expect([a.ended, b.ended]).toEqual([Success, Success])
    expect(clock.pending).toBe(0)
  })

  it('of the other side that arrives before ours could leave is the reason', async () => {
    const { clock, link, raw } = linkAndRaw()
    for (let i = 0; i < 100; i++) link.send(new Uint8Array(1000)) // more than there is credit for
    const closing = link.close(Success)
    await clock.run(5)
    raw.stream.send(closeFrame(429, 'TooManyRequests'))
    raw.stream.end()
    await clock.run(5)
    await closing
    expect(link.ended).toEqual({ code: 429, name: 'TooManyRequests' })
    expect(link.queuedBytes).toBe(0)
    expect(raw.closed()).toBe('cleanly')
  })

  it('from both sides with long queues comes to an end, though neither side reads any more', async () => {
    const { clock, a, b } = linked({ windowBytes: 64 * KIBIBYTE }, { delayMs: 1 })
    for (let i = 0; i < 300; i++) {
      a.send(new Uint8Array(1000))
      b.send(new Uint8Array(1000))
    }
    const both = Promise.all([a.close(Success), b.close(GracefulShutdown)])
    await clock.run(1_000)
    await both
    expect(a.ended).toEqual(b.ended)
  })

  it('is not held up beyond its timeout by a peer that never reads', async () => {
    const clock = testClock()
    const { dialer, acceptor } = streamPair({ clock, windowBytes: 1000 })
    const a = createLink(dialer, { clock })
    acceptor.attach({ onData: () => {}, onDrain: () => {}, onEnd: () => {}, onClose: () => {} })
    acceptor.pause()
    for (let i = 0; i < 100; i++) a.send(new Uint8Array(1000))
    let done = false
    void a.close(GracefulShutdown, 300).then(() => (done = true))
    await clock.run(299)
    expect(done).toBe(false)
    await clock.run(1)
    expect(done).toBe(true)
    expect(a.ended).toEqual(GracefulShutdown)
    await clock.run(1)
    expect(clock.pending).toBe(0)
  })

  it('waits for the hang-up of the other side, 2 s by default, then resets the stream', async () => {
    const { clock, link, raw } = linkAndRaw()
    let done = false
    void link.close(Success).then(() => (done = true))
    await clock.run(1_999)
    expect(hex(raw.bytes())).toBe(hex(closeFrame(200, 'Success')))
    expect(raw.ended()).toBe(true)
    expect([done, link.ended]).toEqual([false, undefined])
    await clock.run(1)
    expect([done, link.ended]).toEqual([true, Success])
    await clock.run(1)
    expect(raw.closed()).toBeInstanceOf(Error)
  })

  it('ignores what is sent and what arrives afterwards', async () => {
    const { clock, a, b } = linked({}, { delayMs: 5 })
    const got = collect(a)
    b.send(new Uint8Array([1]))
    const closing = a.close(Success)
    expect(a.send(new Uint8Array([1]))).toBe(false)
    await clock.run(100)
    await closing
    expect(got).toEqual([])
    expect(a.send(new Uint8Array([1]))).toBe(false)
    expect(b.send(new Uint8Array([1]))).toBe(false)
    expect(b.queuedBytes).toBe(0)
  })

  it('puts nothing behind the close frame, not even credit', async () => {
    const { clock, link, raw } = linkAndRaw({}, { windowBytes: 1, delayMs: 10 })
    const message = frame(0, new Uint8Array(60_000))
    for (let i = 0; i < 2; i++) link.send(message.subarray(5))
    void link.close(Success)
    await clock.run(5)
    raw.stream.send(frame(0, new Uint8Array(40_000))) // arrives while the close frame waits behind the second message
    await clock.run(100)
    expect(Buffer.compare(raw.bytes(), concat([message, message, closeFrame(200, 'Success')]))).toBe(0)
    link.abort(Success)
    await clock.run(1_000)
  })

  it('with UnexpectedClose is the end without a close frame', async () => {
    const { clock, a, b } = linked()
    const closing = a.close(UnexpectedClose)
    await clock.run(5)
    await closing
    expect([a.ended?.code, b.ended?.code]).toEqual([103, 103])
  })

  it('ends the stream of a peer that has said close but does not hang up', async () => {
    const { clock, link, raw } = linkAndRaw()
    raw.stream.send(closeFrame(204, 'GracefulShutdown'))
    await clock.run(1)
    expect(link.ended).toEqual(GracefulShutdown)
    expect(raw.ended()).toBe(true)
    expect(raw.closed()).toBeUndefined()
    await clock.run(1_000)
    expect(raw.closed()).toBeInstanceOf(Error)
    expect(clock.pending).toBe(0)
  })
})

describe('an end that nobody announced', () => {
  it('is UnexpectedClose when the stream ends', async () => {
    const { clock, link, raw } = linkAndRaw()
    raw.stream.end()
    await clock.run(5)
    expect(link.ended).toEqual({ ...UnexpectedClose, detail: 'the stream ended without a close frame' })
    expect(raw.closed()).toBeInstanceOf(Error)
    expect(clock.pending).toBe(0)
  })

  it('is UnexpectedClose when the stream breaks', async () => {
    const { clock, a, b, lose } = linked()
    lose()
    await clock.run(5)
    for (const link of [a, b]) expect(link.ended).toEqual({ ...UnexpectedClose, detail: 'the stream broke: the connection was lost' })
    expect(await a.closed).toBe(a.ended)
  })

  it('is UnexpectedClose while what was queued has not left, though close was called', async () => {
    const { clock, a, lose } = linked()
    for (let i = 0; i < 100; i++) a.send(new Uint8Array(1000))
    const closing = a.close(Success)
    await clock.run(1)
    lose()
    await clock.run(1)
    await closing
    expect(a.ended?.code).toBe(103)
  })

  it('leaves our reason when it had been said before the stream broke', async () => {
    const { clock, link, lose } = linkAndRaw()
    const closing = link.close(Success)
    await clock.run(1)
    lose()
    await clock.run(1)
    await closing
    expect(link.ended).toEqual(Success)
    expect(clock.pending).toBe(0)
  })

  it('within a frame delivers no half of it', async () => {
    const { clock, link, raw } = linkAndRaw()
    const got = collect(link)
    raw.stream.send(bytes('00000002 00 01 00000009 00 0102'))
    raw.stream.end()
    await clock.run(5)
    expect(got).toEqual([new Uint8Array([1])])
    expect(link.ended?.code).toBe(103)
  })
})

describe('abort', () => {
  it('drops what is queued, ends at once, and still tells the other side why', async () => {
    const { clock, a, b } = linked()
    const got = collect(b)
    for (let i = 0; i < 10; i++) a.send(new Uint8Array(100))
    a.abort({ code: 10413, name: 'TooSlow' })
    expect(a.ended).toEqual({ code: 10413, name: 'TooSlow' })
    expect(a.queuedBytes).toBe(0)
    await clock.run(5)
    expect(b.ended).toEqual({ code: 10413, name: 'TooSlow' })
    expect(got).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('resets the stream when the other side does not hang up within a second', async () => {
    const { clock, link, raw } = linkAndRaw()
    link.abort(GracefulShutdown)
    await clock.run(999)
    expect(raw.closed()).toBeUndefined()
    await clock.run(2)
    expect(raw.closed()).toBeInstanceOf(Error)
    expect(clock.pending).toBe(0)
  })

  it('drops messages that wait here, and rejects who waits for one', async () => {
    const { clock, a, b } = linked()
    a.send(new Uint8Array([1]))
    await clock.run(1)
    b.abort(GracefulShutdown)
    await expect(b.receive()).rejects.toMatchObject({ code: 'ERR_CLOSED', value: GracefulShutdown })
    await clock.run(1)
  })

  it('comes between the parts of a long message', async () => {
    const { clock, a, b } = linked({ maxMessageBytes: 4 << 20 }, { windowBytes: 1000, delayMs: 1 })
    const got = collect(b)
    a.send(new Uint8Array(3 << 20))
    await clock.run(1)
    a.abort(GracefulShutdown)
    await clock.run(10)
    expect(b.ended).toEqual(GracefulShutdown)
    expect(got).toEqual([])
  })

  it('ends a close that is under way', async () => {
    const { clock, link, raw } = linkAndRaw()
    const closing = link.close(Success)
    await clock.run(1)
    link.abort(GracefulShutdown)
    await closing
    expect(link.ended).toEqual(Success)
    await clock.run(1_000)
    expect(raw.closed()).toBeInstanceOf(Error)
    expect(clock.pending).toBe(0)
  })
})
